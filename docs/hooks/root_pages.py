"""Pages of the site that lie outside docs/, and links that work here and on GitHub.

README.md, CHANGELOG.md and CONTRIBUTING.md stay where GitHub looks for them and are pages here. A
link out of docs/ leads to such a page, or to a copy of the file that it names.
"""

import re
from pathlib import Path, PurePosixPath
from posixpath import normpath, relpath

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

ROOT = Path(__file__).parents[2]
PAGES = ("README.md", "CHANGELOG.md", "CONTRIBUTING.md")
_LINK = re.compile(r"(\]\()([^)#:\s]+)((?:#[^)\s]*)?\))")


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the pages outside docs/, and copies of the source files that pages link to."""
    for name in PAGES:
        if (ROOT / name).exists():
            text = (ROOT / name).read_text()
            files.append(File.generated(config, name.lower(), content=_relinked(text, "")))
    for page in list(files.documentation_pages()):
        for linked in _outside(page.content_string, page.src_uri):
            if not files.get_file_from_path(f"files/{linked}"):
                content = (ROOT / linked).read_bytes()
                files.append(File.generated(config, f"files/{linked}", content=content))
    return files


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Turn links out of docs/ into links to those pages and copies."""
    del config, files
    return _relinked(markdown, f"docs/{page.file.src_uri}")


def _relinked(text: str, where: str) -> str:
    """Return a text of the file ``where`` of the tree with links as the site has them."""
    here = str(PurePosixPath(where).parent)

    def replaced(match: re.Match[str]) -> str:
        target = normpath(f"{here}/{match[2]}")
        if target in PAGES:
            to = target.lower()
        elif target.startswith("docs/"):
            to = target.removeprefix("docs/")
        elif (ROOT / target).is_file():
            to = f"files/{target}"
        else:
            return match[0]
        base = str(PurePosixPath(where.removeprefix("docs/")).parent) if where else "."
        return f"{match[1]}{relpath(to, base)}{match[3]}"

    return _LINK.sub(replaced, text)


def _outside(text: str, src_uri: str) -> list[str]:
    """Return the files of the tree outside docs/ that a page links to."""
    relinked = _relinked(text, f"docs/{src_uri}") if src_uri not in map(str.lower, PAGES) else text
    base = PurePosixPath(src_uri).parent
    targets = (normpath(f"{base}/{match[2]}") for match in _LINK.finditer(relinked))
    return [t.removeprefix("files/") for t in targets if t.startswith("files/")]
