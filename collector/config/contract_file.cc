#include "collector/config/contract_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>
#include <unordered_map>
#include <utility>

#include "collector/config/contract_draft.h"
#include "collector/config/csv_reader.h"
#include "collector/config/file_text.h"
#include "collector/config/json_tree.h"
#include "collector/config/yaml_tree.h"

namespace weir::config {
namespace {

constexpr std::array<std::string_view, 10> kContractKeys{"id",        "customer", "service", "pop",
                                                         "committed", "ceiling",  "billing", "from",
                                                         "until",     "attach"};
constexpr std::array<std::string_view, 5> kBillingKeys{"method", "direction", "timezone", "day",
                                                       "source"};

template <class Names>
std::optional<std::size_t> index_of(const Names& names, std::string_view name) {
  const auto found = std::find(names.begin(), names.end(), name);
  if (found == names.end()) return std::nullopt;
  return static_cast<std::size_t>(found - names.begin());
}

/// The words of those of `names` that the mapping has.
template <std::size_t kCount>
void take_words(const YamlNode& node, const std::array<std::string_view, kCount>& names,
                std::array<std::optional<Word>, kCount>& words, const YamlFields& fields) {
  for (std::size_t i = 0; i + 1 < node.children.size(); i += 2) {
    const std::string& key = node.children[i].text;
    const auto index = index_of(names, key);
    if (!index || words[*index]) continue;
    const auto as_text = [](std::string_view text) { return Parsed<std::string>(text); };
    if (auto text = fields.read(key, as_text))
      words[*index] = Word{std::move(*text), node.children[i + 1].place};
  }
}

ContractDraft draft_of(const YamlNode& node, ProblemList& problems) {
  ContractDraft draft;
  draft.place = node.place;
  const YamlFields fields(node, "a contract", kContractKeys, problems);
  take_words(node, kContractFieldNames, draft.words, fields);
  if (const YamlNode* billing = fields.find("billing")) {
    const YamlFields terms(*billing, "`billing`", kBillingKeys, problems);
    take_words(*billing, kContractFieldNames, draft.words, terms);
  }
  for (const YamlNode& item : fields.items("attach")) {
    const YamlFields where(item, "an attachment", kAttachmentFieldNames, problems);
    if (item.kind != YamlNode::Kind::Map) continue;
    AttachmentDraft& attachment = draft.attach.emplace_back();
    attachment.place = item.place;
    take_words(item, kAttachmentFieldNames, attachment.words, where);
  }
  return draft;
}

/// What the columns of a CSV file hold.
struct Columns {
  std::vector<std::optional<std::size_t>> contract;    ///< by column: index of a ContractField
  std::vector<std::optional<std::size_t>> attachment;  ///< by column: of an AttachmentField
};

Columns read_header(const CsvRow& header, ProblemList& problems) {
  std::vector<std::string_view> known(kContractFieldNames.begin(), kContractFieldNames.end());
  known.insert(known.end(), kAttachmentFieldNames.begin(), kAttachmentFieldNames.end());
  Columns columns;
  std::vector<std::string_view> seen;
  for (const CsvCell& cell : header) {
    columns.contract.push_back(index_of(kContractFieldNames, cell.text));
    columns.attachment.push_back(index_of(kAttachmentFieldNames, cell.text));
    if (!columns.contract.back() && !columns.attachment.back()) {
      const bool is_semicolon = header.size() == 1 && cell.text.find(';') != std::string::npos;
      problems.error(cell.place, fmt::format("unknown column `{}`", cell.text),
                     is_semicolon ? "separate the columns by commas" : suggest(cell.text, known));
    } else if (std::find(seen.begin(), seen.end(), cell.text) != seen.end()) {
      problems.error(cell.place, fmt::format("column `{}` stands twice", cell.text),
                     "keep one of the two");
      columns.contract.back().reset();
      columns.attachment.back().reset();
    }
    seen.push_back(cell.text);
  }
  if (std::find(seen.begin(), seen.end(), "id") == seen.end())
    problems.error(header.front().place, "there is no column `id`",
                   "begin the file with a header row such as "
                   "id,customer,service,committed,exporter,interface,prefix,as");
  return columns;
}

/// Adds what a further row of the same contract says.
void merge(ContractDraft& draft, const CsvRow& row, const Columns& columns, ProblemList& problems) {
  AttachmentDraft attachment;
  attachment.place = row.front().place;
  bool is_attached = false;
  for (std::size_t i = 0; i < std::min(row.size(), columns.contract.size()); ++i) {
    const CsvCell& cell = row[i];
    if (cell.text.empty()) continue;
    if (columns.attachment[i]) {
      attachment.words[*columns.attachment[i]] = Word{cell.text, cell.place};
      is_attached = true;
    } else if (columns.contract[i]) {
      std::optional<Word>& word = draft.words[*columns.contract[i]];
      if (!word)
        word = Word{cell.text, cell.place};
      else if (word->text != cell.text)
        problems.error(cell.place,
                       fmt::format("`{}` is `{}` here, but `{}` on line {} of the same contract",
                                   kContractFieldNames[*columns.contract[i]], cell.text, word->text,
                                   word->place.line),
                       "write the same in every row of a contract, or leave it empty");
    }
  }
  if (is_attached) draft.attach.push_back(std::move(attachment));
}

std::vector<contracts::Contract> to_contracts(const std::vector<ContractDraft>& drafts,
                                              ProblemList& problems) {
  if (drafts.empty()) problems.warning({}, "there are no contracts", "add the first one");
  std::vector<contracts::Contract> contracts;
  contracts.reserve(drafts.size());
  for (const ContractDraft& draft : drafts) {
    if (problems.is_full()) break;
    contracts.push_back(to_contract(draft, problems));
  }
  return contracts;
}

/// From the list of a YAML or JSON file.
std::vector<contracts::Contract> from_tree(const YamlNode& root, ProblemList& problems) {
  if (root.kind != YamlNode::Kind::Sequence && root.kind != YamlNode::Kind::Null) {
    problems.error(root.place, "the contracts are not a list",
                   "begin each contract with a dash: `- id: ...`");
    return {};
  }
  std::vector<ContractDraft> drafts;
  drafts.reserve(root.children.size());
  std::unordered_map<std::string_view, std::uint32_t> lines;
  for (const YamlNode& node : root.children) {
    if (problems.is_full()) break;
    drafts.push_back(draft_of(node, problems));
    if (node.kind != YamlNode::Kind::Map) drafts.pop_back();
  }
  for (const ContractDraft& draft : drafts) {
    const auto& id = draft.word(ContractField::Id);
    if (!id) continue;
    const auto [first, is_new] = lines.emplace(id->text, id->place.line);
    if (!is_new)
      problems.error(
          id->place,
          fmt::format("contract {} stands twice, first on line {}", id->text, first->second),
          "give one of them another id, or put its attachments under the first");
  }
  return to_contracts(drafts, problems);
}

std::vector<contracts::Contract> from_yaml(std::string_view text, ProblemList& problems) {
  const auto root = parse_yaml(text, problems);
  return root ? from_tree(*root, problems) : std::vector<contracts::Contract>{};
}

/// The array of contracts: the whole text, or the one value of `{"contracts": [...]}`. Further
/// keys are refused: they may say that this is one page of several.
std::vector<contracts::Contract> from_json(const YamlNode& root, ProblemList& problems) {
  static constexpr std::array<std::string_view, 1> kKeys{"contracts"};
  const YamlNode* list = &root;
  if (root.kind == YamlNode::Kind::Map) {
    const YamlFields fields(root, "the source", kKeys, problems);
    list = fields.find("contracts");
  }
  if (list != nullptr && list->kind == YamlNode::Kind::Sequence) return from_tree(*list, problems);
  problems.error(list == nullptr ? root.place : list->place, "there is no array of contracts",
                 "give an array of contracts, or {\"contracts\": [...]}");
  return {};
}

std::vector<contracts::Contract> from_csv(std::string_view text, ProblemList& problems) {
  const std::vector<CsvRow> rows = read_csv(text, problems);
  if (rows.empty()) return to_contracts({}, problems);
  const CsvRow& header = rows.front();
  const Columns columns = read_header(header, problems);
  const auto is_id = [](const CsvCell& cell) { return cell.text == "id"; };
  const auto id_column =
      static_cast<std::size_t>(std::find_if(header.begin(), header.end(), is_id) - header.begin());
  if (id_column == header.size()) return {};

  std::vector<ContractDraft> drafts;
  std::unordered_map<std::string_view, std::size_t> by_id;
  for (std::size_t i = 1; i < rows.size(); ++i) {
    const CsvRow& row = rows[i];
    if (row.size() != header.size())
      problems.error(row.front().place,
                     fmt::format("the row has {} cells, the header {}", row.size(), header.size()),
                     "quote a value that holds a comma, and leave a cell empty for no value");
    if (row.size() <= id_column || row[id_column].text.empty()) {
      problems.error(row.front().place, "the row has no `id`", "name the contract it belongs to");
      continue;
    }
    const auto [known, is_new] = by_id.emplace(row[id_column].text, drafts.size());
    if (is_new) drafts.emplace_back().place = row.front().place;
    merge(drafts[known->second], row, columns, problems);
  }
  return to_contracts(drafts, problems);
}

}  // namespace

LoadedContracts read_contracts_yaml(std::string_view text, const std::string& file) {
  ProblemList problems(file);
  LoadedContracts loaded;
  loaded.contracts = from_yaml(text, problems);
  loaded.problems = problems.take();
  return loaded;
}

LoadedContracts read_contracts_csv(std::string_view text, const std::string& file) {
  ProblemList problems(file);
  LoadedContracts loaded;
  loaded.contracts = from_csv(text, problems);
  loaded.problems = problems.take();
  return loaded;
}

LoadedContracts read_contracts_json(std::string_view text, const std::string& file) {
  ProblemList problems(file);
  LoadedContracts loaded;
  const auto root = parse_json(text, problems);
  if (root) loaded.contracts = from_json(*root, problems);
  loaded.problems = problems.take();
  if (root) loaded.problems = with_pointers(std::move(loaded.problems), *root);
  return loaded;
}

LoadedContracts load_contracts(const std::string& path) {
  ProblemList problems(path);
  const bool is_csv = path.ends_with(".csv") || path.ends_with(".CSV");
  if (!is_csv && !path.ends_with(".yaml") && !path.ends_with(".yml")) {
    problems.error({}, "the ending of the contracts file says neither CSV nor YAML",
                   "name it .csv, .yaml or .yml");
    return {{}, problems.take()};
  }
  const auto text = read_text_file(path, problems);
  if (!text) return {{}, problems.take()};
  return is_csv ? read_contracts_csv(*text, path) : read_contracts_yaml(*text, path);
}

}  // namespace weir::config
