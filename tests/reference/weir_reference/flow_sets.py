"""NetFlow version 9 (RFC 3954) and IPFIX (RFC 7011): templates, options and data sets."""

import copy
import struct

from .elements import SCOPE, choices_of, is_known, meaning, names_of
from .sampling import SamplingTable, own_interval
from .sequences import Sequence

VARIABLE = 0xFFFF  # RFC 7011, 7: the length stands before the value
FIRST_DATA_SET = 256
MOST_FIELDS = 512
TOO_LONG = 1 << 16
LARGEST_SET = 65_531  # octets behind the set's header


class Malformed(Exception):
    pass


class Template:
    """A layout turned into one struct, or a walk over the fields where lengths vary."""

    def __init__(self, fields, is_options):
        self.fields, self.is_options = tuple(fields), is_options
        self.is_variable = any(length == VARIABLE for _, length in self.fields)
        # The shortest record: an empty value of variable length still has its length octet.
        self.size = sum(1 if length == VARIABLE else length for _, length in self.fields)
        self.has_unusable_fields = False
        self.left = b""  # of the set last read, what was too short for a record
        self.names, self.conversions, code = [], [], ">"
        for element, length in self.fields:
            read = None if length == VARIABLE else meaning(element, length)
            self.has_unusable_fields |= read is None and length != VARIABLE and is_known(element, is_options)
            if read and read[0] not in self.names:  # of an element that is there twice, the first
                self.names.append(read[0])
                if read[2]:
                    self.conversions.append(read[0:1] + read[2:])
                code += read[1]
            elif length != VARIABLE:
                code += f"{length}x"
        self.layout = None if self.is_variable else struct.Struct(code)
        # A field of a length that its element cannot have is not there.
        readable = [element for element, length in self.fields if length == VARIABLE or meaning(element, length)]
        self.choices = choices_of(name for element in readable for name in names_of(element))

    def __eq__(self, other):
        return isinstance(other, Template) and (self.fields, self.is_options) == (other.fields, other.is_options)

    def records(self, body):
        """The records of a data set as dictionaries; what is shorter than a record is padding."""
        if self.is_variable:
            return self.variable_records(body)
        return self.fixed_records(body)

    def fixed_records(self, body):
        whole = len(body) // self.size * self.size
        self.left = body[whole:]
        names, conversions = self.names, self.conversions
        for values in self.layout.iter_unpack(body[:whole]):
            record = dict(zip(names, values))
            for name, convert in conversions:
                record[name] = convert(record[name])
            for choose in self.choices:
                choose(record)
            yield record

    def variable_records(self, body):
        position = 0
        while len(body) - position >= self.size:
            record = {}
            for element, length in self.fields:
                if length == VARIABLE:
                    length, position = variable_length(body, position)
                if length > len(body) - position:
                    raise Malformed("a value ends behind its set")
                read = meaning(element, length)
                if read and read[0] not in record:
                    value = struct.unpack_from(">" + read[1], body, position)[0]
                    record[read[0]] = read[2](value) if read[2] else value
                position += length
            for choose in self.choices:
                choose(record)
            yield record
        self.left = body[position:]


def variable_length(body, position):
    """(length, where the value begins), RFC 7011, 7: one octet, or 255 and two."""
    if position >= len(body):
        raise Malformed("no length octet")
    if body[position] < 255:
        return body[position], position + 1
    if len(body) - position < 3:
        raise Malformed("half a length")
    return struct.unpack_from(">H", body, position + 1)[0], position + 3


class Session:
    def __init__(self):
        self.templates, self.waiting = {}, {}
        self.sampling = SamplingTable()
        self.sequence = Sequence()


class Message:
    def __init__(self, protocol, domain, session, context):
        self.protocol, self.domain, self.session, self.context = protocol, domain, session, context
        self.units = 0  # data records, None once they cannot be known
        self.learned = []


class FlowSets:
    """Both protocols; sessions are known by address, port, protocol and domain."""

    def __init__(self, result):
        self.result = result
        self.domains = {}
        self.known = set()

    # ---------------------------------------------------------------- messages

    def decode_netflow9(self, datagram):
        payload = datagram.payload
        if len(payload) < 20:
            return self.result.refuse()
        _, _, uptime, _, number, domain = struct.unpack_from(">HHIIII", payload)
        return self.decode("netflow9", datagram, domain, number, uptime, payload[20:], len(payload) - 20)

    def decode_ipfix(self, datagram):
        payload = datagram.payload
        if len(payload) < 16:
            return self.result.refuse()
        _, length, _, number, domain = struct.unpack_from(">HHIII", payload)
        if length != len(payload):
            self.result.refuse()
        # A length that is off is read leniently: a set that begins inside the message may end
        # anywhere in the datagram.
        end = length if 16 <= length <= len(payload) else len(payload)
        return self.decode("ipfix", datagram, domain, number, None, payload[16:], end - 16)

    def decode(self, protocol, datagram, domain, number, uptime, body, end):
        context = {"exporter": datagram.source, "protocol": protocol, "domain": domain}
        if uptime is not None:
            context["sys_up_time"] = uptime
        ports = self.domains.setdefault(self.domain_key(datagram, protocol, domain), {})
        session = ports.setdefault(datagram.source_port, Session())
        message = Message(protocol, ports, session, context)
        sets, is_whole = split_sets(body, end)
        has_data = any(set_id >= FIRST_DATA_SET for set_id, _ in sets)
        sequence = session.sequence
        if has_data and sequence.is_repeat(number, datagram.payload, uptime):
            return
        before = sequence.lost
        sequence.observe(number, datagram.payload if has_data else None, uptime)
        try:
            for set_id, content in sets:
                self.read_set(message, set_id, content)
            if not is_whole:
                raise Malformed("a set that is longer than its message")
        except Malformed:
            self.result.refuse()
            message.units = None
        sequence.advance(number, 1 if protocol == "netflow9" else message.units)
        self.result.lost += sequence.lost - before
        self.release(message)

    @staticmethod
    def domain_key(datagram, protocol, domain):
        return datagram.source, protocol, domain

    def read_set(self, message, set_id, content):
        is_ipfix = message.protocol == "ipfix"
        if set_id >= FIRST_DATA_SET:
            self.read_data(message, set_id, content)
        elif set_id == (2 if is_ipfix else 0):
            self.read_templates(message, content)
        elif set_id == (3 if is_ipfix else 1):
            read = self.read_ipfix_options if is_ipfix else self.read_netflow9_options
            read(message, content)
        # Other numbers below 256 are reserved (RFC 3954, 5.2; RFC 7011, 3.3.2): passed over.

    # ---------------------------------------------------------------- templates

    def read_templates(self, message, content):
        position, is_ipfix = 0, message.protocol == "ipfix"
        while len(content) - position >= 4:  # less is padding
            template_id, count = struct.unpack_from(">HH", content, position)
            position += 4
            if is_padding(content, position - 4):
                return
            if count == 0:
                if not is_ipfix:
                    raise Malformed("a template without fields")
                continue  # a withdrawal, which means nothing over UDP (RFC 7011, 8.4)
            fields, position = read_fields(content, position, count, is_ipfix)
            self.learn(message, template_id, Template(fields, False))

    def read_ipfix_options(self, message, content):
        position = 0
        while len(content) - position >= 4:
            template_id, count = struct.unpack_from(">HH", content, position)
            if is_padding(content, position):
                return
            if count == 0:
                position += 4
                continue
            if len(content) - position < 6:
                raise Malformed("no scope count")
            scopes = struct.unpack_from(">H", content, position + 4)[0]
            fields, position = read_fields(content, position + 6, count, True)
            is_sound = 0 < scopes <= count  # RFC 7011, 3.4.2.2
            self.learn(message, template_id, Template(fields if is_sound else [], True))

    def read_netflow9_options(self, message, content):
        position = 0
        while len(content) - position >= 6:
            template_id, scope_octets, option_octets = struct.unpack_from(">HHH", content, position)
            if is_padding(content, position):
                return
            if scope_octets % 4 or option_octets % 4:  # RFC 3954, 6.1: lengths in octets
                raise Malformed("options length")
            scopes, position = read_fields(content, position + 6, scope_octets // 4, False)
            options, position = read_fields(content, position, option_octets // 4, False)
            scopes = [((SCOPE, number), length) for (_, number), length in scopes]
            self.learn(message, template_id, Template(scopes + options, True))

    def learn(self, message, template_id, template):
        if template_id < FIRST_DATA_SET:  # RFC 7011, 3.4.1: the reader has lost its place
            raise Malformed("a template of a reserved number")
        templates = message.session.templates
        if template.size == 0 or template.size > LARGEST_SET:
            # Its end is known, so the next one can be read; what it replaces holds no more.
            templates.pop(template_id, None)
            self.result.refuse()
            return
        key = (message.context["exporter"], message.protocol, message.context["domain"], template_id)
        if key not in self.known:
            self.known.add(key)
            self.result.new_template(template.is_options)
        if template.has_unusable_fields and template != templates.get(template_id):
            self.result.refuse()
        templates[template_id] = template
        message.learned.append(template_id)

    # ---------------------------------------------------------------- data

    def template_of(self, message, template_id):
        """That of the session, else the one on which all other sessions of the domain agree."""
        own = message.session.templates.get(template_id)
        if own:
            return own
        others = [session.templates[template_id] for session in message.domain.values()
                  if template_id in session.templates]
        return others[0] if others and all(other == others[0] for other in others) else None

    def sampling_of(self, message):
        own = message.session.sampling
        if not own.is_empty():
            return own
        others = [session.sampling for session in message.domain.values() if not session.sampling.is_empty()]
        return others[0] if others and all(other == others[0] for other in others) else own

    def read_data(self, message, set_id, content):
        template = self.template_of(message, set_id)
        if template is None:
            self.result.sets_without_template += 1
            message.session.waiting.setdefault(set_id, []).append((content, message.context))
            message.units = None
            return
        count = self.read_records(message, template, content, message.context)
        if message.units is not None:
            message.units += count

    def read_records(self, message, template, content, context):
        count = 0
        if template.is_options:
            if message.session.sampling.is_empty():
                # What held for it so far, as for a session that changed its port, goes on.
                message.session.sampling = copy.deepcopy(self.sampling_of(message))
            for record in template.records(content):
                message.session.sampling.learn(record)
                self.result.options_records += 1
                count += 1
            return count
        sampling = self.sampling_of(message)
        for record in template.records(content):
            count += 1
            record["sampling_interval"] = own_interval(record) or sampling.interval_of(record)
            record.update(context)
            self.result.take(record)
        self.check_padding(template.left)
        return count

    def check_padding(self, left):
        """More than fills a word, and not zero: a record that was cut (RFC 7011, 3.3.1)."""
        if len(left) > 3 and any(left):
            self.result.refuse()

    def release(self, message):
        """Sets that waited, in any session of the domain, for what this message taught."""
        for template_id in message.learned:
            for session in message.domain.values():
                waiting = Message(message.protocol, message.domain, session, message.context)
                template = self.template_of(waiting, template_id)
                if template is None:
                    continue  # refused since
                for content, context in session.waiting.pop(template_id, ()):
                    try:
                        self.read_records(waiting, template, content, context)
                    except Malformed:
                        self.result.refuse()


def is_padding(content, position):
    return not any(content[position:])


def split_sets(body, end):
    """The sets of a message, and whether they fill it (RFC 7011, 3.3.2; RFC 3954, 5.2 and 5.3)."""
    sets, position = [], 0
    while end - position >= 4:
        set_id, length = struct.unpack_from(">HH", body, position)
        if length < 4 or length > len(body) - position:
            return sets, False
        sets.append((set_id, body[position + 4:position + length]))
        position += length
    return sets, True


def read_fields(content, position, count, has_enterprise):
    if count > MOST_FIELDS:
        raise Malformed("too many fields")
    fields = []
    for _ in range(count):
        if len(content) - position < 4:
            raise Malformed("a field ends behind its set")
        number, length = struct.unpack_from(">HH", content, position)
        position += 4
        enterprise = 0
        # Version 9 has neither enterprise numbers nor variable lengths (RFC 3954, 5.2).
        if has_enterprise and number & 0x8000:
            if len(content) - position < 4:
                raise Malformed("no enterprise number")
            enterprise = struct.unpack_from(">I", content, position)[0]
            number &= 0x7FFF
            position += 4
        if not has_enterprise and length == VARIABLE:
            length = TOO_LONG
        fields.append(((enterprise, number), length))
    return fields, position
