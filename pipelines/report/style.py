"""The look of the pages."""

from typing import Final

CSS: Final = """
:root { color-scheme: light dark; --ink: #1c2430; --dim: #667080; --line: #d9dee5; --ground: #f6f7f9; --card: #fff;
  --keep: #1a7f52; }
@media (prefers-color-scheme: dark) { :root { --ink: #e8ecf1; --dim: #96a0ae; --line: #323a45; --ground: #14181d;
  --card: #1d232b; --keep: #4cc38a; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--ground); color: var(--ink); font: 15px/1.5 system-ui, sans-serif; }
header, main { max-width: 1240px; margin: 0 auto; padding: 0 24px; }
header { padding-top: 32px; }
h1 { margin: 0; font-size: 28px; letter-spacing: -0.01em; }
h2 { margin: 48px 0 0; font-size: 22px; border-bottom: 1px solid var(--line); padding-bottom: 8px; }
h3 { margin: 24px 0 4px; font-size: 16px; }
small, .hint, header p { color: var(--dim); font-weight: normal; }
.hint { margin: 0 0 8px; font-size: 13px; }
a { color: inherit; }
table { border-collapse: collapse; margin-top: 20px; width: 100%; background: var(--card); border-radius: 8px;
  overflow: hidden; }
th, td { text-align: right; padding: 8px 14px; border-bottom: 1px solid var(--line);
  font-variant-numeric: tabular-nums; }
th { color: var(--dim); font-size: 13px; font-weight: 600; }
th:first-child, td:first-child { text-align: left; }
.sheet { display: grid; grid-template-columns: repeat(auto-fill, minmax(168px, 1fr)); gap: 12px; }
.groups { display: flex; flex-wrap: wrap; gap: 12px; }
.group { display: flex; flex-wrap: wrap; gap: 10px; max-width: 100%; padding: 10px; background: var(--card);
  border: 1px solid var(--line);
  border-radius: 10px; }
.group figure { width: 150px; }
.kept { border-right: 1px solid var(--line); padding-right: 10px; }
.kept figcaption { color: var(--keep); font-weight: 600; }
figure { margin: 0; }
figure img { display: block; width: 100%; height: 120px; object-fit: cover; border-radius: 6px;
  background: var(--line); }
.group figure img { object-fit: contain; }
.missing { display: grid; place-items: center; height: 120px; border: 1px dashed var(--line); border-radius: 6px;
  color: var(--dim); font-size: 12px; }
figcaption { margin-top: 4px; overflow-wrap: anywhere; color: var(--dim); font-size: 12px; line-height: 1.35; }
"""
