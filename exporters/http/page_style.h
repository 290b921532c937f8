#pragma once

#include <string_view>

namespace weir::http {

/// Follows the reader's light or dark setting; figures are tabular, so columns of digits align.
inline constexpr std::string_view kPageStyle = R"css(
:root{color-scheme:light dark;--line:#d8dee6;--muted:#5b6775;--bar:#2f6fb3;--over:#b3472f;--row:#f5f7fa;--bg:#fff;--fg:#17202b}
@media(prefers-color-scheme:dark){:root{--line:#2b3541;--muted:#93a1b1;--bar:#5a9be0;--over:#e0795a;--row:#171e27;--bg:#10151c;--fg:#dfe6ee}}
body{font:15px/1.45 system-ui,sans-serif;margin:0 auto;padding:1.5rem;max-width:84rem;background:var(--bg);color:var(--fg)}
h1{font-size:1.4rem;margin:0}h2{font-size:1.05rem;margin:2rem 0 .5rem}
p{margin:.3rem 0;color:var(--muted)}a{color:var(--bar)}nav a{margin-right:1.2rem}
.state{font-weight:600;color:var(--bar)}.state.wait{color:var(--over)}
.wide{overflow-x:auto}table{border-collapse:collapse;width:100%;font-variant-numeric:tabular-nums}
th,td{text-align:left;padding:.3rem .55rem;border-bottom:1px solid var(--line);white-space:nowrap}
th{font-weight:600;color:var(--muted)}.n{text-align:right}tbody tr:nth-child(even){background:var(--row)}
small{color:var(--muted)}meter{width:5rem;height:.8rem}.over{color:var(--over);font-weight:600}.near{font-weight:600}
.muted{color:var(--muted)}.facts{display:flex;flex-wrap:wrap;gap:.3rem 2rem;margin:.6rem 0}.facts b{color:var(--fg)}
)css";

}  // namespace weir::http
