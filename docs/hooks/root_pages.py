"""Pages of the site that lie outside docs/, and links that work here and on GitHub.

README.md and the others of `PAGES` stay where GitHub looks for them and are pages here. A link out
of docs/ leads to such a page, or to a copy of the file that it names.
"""

import re
from pathlib import Path, PurePosixPath
from posixpath import normpath, relpath

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

ROOT = Path(__file__).parents[2]
#: File of the tree -> page of the site.
PAGES = {
    "README.md": "readme.md",
    "CHANGELOG.md": "changelog.md",
    "CONTRIBUTING.md": "contributing.md",
    "examples/README.md": "examples.md",
}
_LINK = re.compile(r"(\]\()([^)#:\s]+)((?:#[^)\s]*)?\))")


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the pages outside docs/, and copies of the source files that pages link to."""
    for name, page in PAGES.items():
        text = _relinked((ROOT / name).read_text(), name, page)
        files.append(File.generated(config, page, content=text))
    for page in list(files.documentation_pages()):
        for linked in _outside(page.content_string, page.src_uri):
            if not files.get_file_from_path(f"files/{linked}"):
                content = (ROOT / linked).read_bytes()
                files.append(File.generated(config, f"files/{linked}", content=content))
    return files


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Turn links out of docs/ into links to those pages and copies."""
    del config, files
    uri = page.file.src_uri
    return markdown if uri in PAGES.values() else _relinked(markdown, f"docs/{uri}", uri)


def _relinked(text: str, file: str, page: str) -> str:
    """Return the text of a file of the tree with the links that it has as a page of the site."""
    here, there = PurePosixPath(file).parent, PurePosixPath(page).parent

    def replaced(match: re.Match[str]) -> str:
        target = normpath(here / match[2])
        if target in PAGES:
            to = PAGES[target]
        elif target.startswith("docs/"):
            to = target.removeprefix("docs/")
        elif (ROOT / target).is_file():
            to = f"files/{target}"
        else:
            return match[0]
        return f"{match[1]}{relpath(to, there)}{match[3]}"

    return _LINK.sub(replaced, text)


def _outside(text: str, uri: str) -> list[str]:
    """Return the files of the tree outside docs/ that a page links to."""
    relinked = text if uri in PAGES.values() else _relinked(text, f"docs/{uri}", uri)
    base = PurePosixPath(uri).parent
    targets = (normpath(base / match[2]) for match in _LINK.finditer(relinked))
    return [t.removeprefix("files/") for t in targets if t.startswith("files/")]
