import gzip
import hashlib
import resource
import stat
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest
from rich.progress import Progress

from snn_credit.data import mnist
from snn_credit.data.fetch import PoochBar, fetch
from snn_credit.data.sources import SOURCES, Source
from snn_credit.errors import InputError


class Server(ThreadingHTTPServer):
    """Serves what is in `served` and remembers what was asked for."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.served: dict[str, bytes] = {}
        self.cut_off: set[str] = set()
        self.asked: list[str] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/mnist/"


class Handler(BaseHTTPRequestHandler):
    server: Server  # type: ignore[assignment]

    def do_GET(self) -> None:
        file = self.path.removeprefix("/mnist/")
        self.server.asked.append(file)
        content = self.server.served.get(file)
        if content is None:
            self.send_error(404)
            return
        self.send_response(200)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content[:-7] if file in self.server.cut_off else content)

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def server(small_mnist, monkeypatch) -> Iterator[Server]:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    server = Server()
    server.served = {f"{file}.gz": gzip.compress(c) for file, c in small_mnist.items()}
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def sources(server, small_sha256) -> dict[str, Source]:
    return {"mnist": Source(server.url, small_sha256, suffix=".gz")}


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_what_was_fetched_is_what_is_loaded(server, sources, small_sha256, cache):
    assert fetch("mnist", progress=False, sources=sources) == cache / "mnist"
    assert names(cache / "mnist") == sorted(server.served)
    assert len(mnist.load(20, small_sha256).train_y) == 40


def test_another_mirror_and_another_folder(server, small_sha256, tmp_path, cache):
    nowhere = {"mnist": Source("http://127.0.0.1:9/", small_sha256, suffix=".gz")}
    folder = fetch("mnist", server.url.rstrip("/"), tmp_path / "a" / "b", False, nowhere)
    assert folder == tmp_path / "a" / "b"
    assert names(folder) == sorted(server.served)
    assert not cache.exists()


def test_whole_files_are_left_alone(server, sources, cache):
    fetch("mnist", progress=False, sources=sources)
    server.asked.clear()
    fetch("mnist", progress=False, sources=sources)
    assert server.asked == []


def test_a_broken_fetch_goes_on_with_what_is_missing(server, sources, cache):
    last = server.served.pop("t10k-labels-idx1-ubyte.gz")
    with pytest.raises(InputError, match=r"base_url: expected http://.*/t10k-labels.*404"):
        fetch("mnist", progress=False, sources=sources)
    assert len(names(cache / "mnist")) == 3
    server.served["t10k-labels-idx1-ubyte.gz"] = last
    server.asked.clear()
    fetch("mnist", progress=False, sources=sources)
    assert server.asked == ["t10k-labels-idx1-ubyte.gz"]


def test_a_damaged_file_in_the_cache_is_fetched_again(server, sources, cache):
    fetch("mnist", progress=False, sources=sources)
    damaged = cache / "mnist" / "train-images-idx3-ubyte.gz"
    whole = damaged.read_bytes()
    damaged.write_bytes(whole[:-20])
    fetch("mnist", progress=False, sources=sources)
    assert damaged.read_bytes() == whole


def refused(message: str, folder: Path, **arguments) -> None:
    """One line, and nothing left in the folder, not even hidden."""
    with pytest.raises(InputError, match=message) as caught:
        fetch("mnist", progress=False, **arguments)
    assert "\n" not in str(caught.value)
    assert not folder.exists() or names(folder) == []


def test_content_that_is_not_the_official_one_is_refused(server, sources, cache):
    server.served["train-images-idx3-ubyte.gz"] = gzip.compress(b"other")
    message = r"^http://127\.0\.0\.1.*/train-images\S+\.gz: expected uncompressed SHA-256 \S+ \(got"
    refused(message, cache / "mnist", sources=sources)


def test_a_page_instead_of_the_file_is_refused(server, sources, cache):
    server.served["train-images-idx3-ubyte.gz"] = b"<html>sign in</html>"
    refused("expected uncompressed SHA-256", cache / "mnist", sources=sources)


def test_a_damaged_gzip_file_is_refused(server, sources, cache):
    server.served["train-images-idx3-ubyte.gz"] = b"\x1f\x8bnonsense"
    refused(r"^http://.*expected a whole gzip file", cache / "mnist", sources=sources)


def test_a_connection_that_breaks_is_refused(server, sources, cache):
    server.cut_off.add("train-images-idx3-ubyte.gz")
    refused(r"base_url: .* to be served \(got: .*7 more", cache / "mnist", sources=sources)


def test_no_network_is_refused(sources, cache, monkeypatch):
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as closed:
        url = f"http://127.0.0.1:{closed.server_port}"
    message = r"base_url: expected http://\S+ to be served \(got: .*Connection refused\)"
    refused(message, cache / "mnist", base_url=url, sources=sources)


def test_an_address_that_is_none_is_refused(sources, cache):
    refused("base_url: .* to be served", cache / "mnist", base_url="nowhere", sources=sources)


def test_no_room_is_refused(server, sources, cache):
    server.served["train-images-idx3-ubyte.gz"] = np.random.default_rng(0).bytes(300_000)
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    # A limit on the size of files makes write() fail as a full disk does.
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, before[1]))
    try:
        refused(r"into: expected .* room .*\(got File too large", cache / "mnist", sources=sources)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_a_folder_that_cannot_be_made_is_refused(sources, tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match=r"into: expected a folder .*\(got Not a directory"):
        fetch("mnist", into=tmp_path / "file" / "sub", progress=False, sources=sources)


def test_an_unknown_name_lists_what_can_be_fetched():
    with pytest.raises(InputError, match=r"name: expected one of mnist, .* \(got 'digits'\)"):
        fetch("digits")


@pytest.mark.usefixtures("server")
def test_files_have_the_usual_permissions(sources, cache, tmp_path):
    fetch("mnist", progress=False, sources=sources)
    (tmp_path / "usual").touch()
    usual = stat.S_IMODE((tmp_path / "usual").stat().st_mode)
    assert {stat.S_IMODE(p.stat().st_mode) for p in (cache / "mnist").iterdir()} == {usual}


@pytest.mark.usefixtures("server")
def test_the_bar_goes_to_standard_error_and_can_be_left_out(sources, cache, capsys):
    fetch("mnist", sources=sources)
    shown = capsys.readouterr()
    assert "train-images-idx3-ubyte" in shown.err
    assert shown.out == ""
    fetch("mnist", into=cache / "other", progress=False, sources=sources)
    assert capsys.readouterr() == ("", "")


def test_the_bar_counts_as_pooch_drives_it():
    with Progress(disable=True) as progress:
        bar = PoochBar(progress, "file")
        task = progress.tasks[0]
        bar.total = 0
        assert bar.total is None
        bar.total = 100
        bar.update(64)
        bar.update(64)
        bar.reset()
        bar.update(100)
        bar.close()
        assert (task.completed, task.total, task.finished) == (100, 100, True)


@pytest.fixture
def whole(server) -> dict[str, Source]:
    """A source of one file that is served as it is published, bound for another folder."""
    server.served["all.tar.gz"] = content = gzip.compress(b"everything")
    digest = hashlib.sha256(content).hexdigest()
    return {"made": Source(server.url, {"all.tar.gz": digest}, folder="elsewhere")}


def test_a_file_that_is_served_as_published_is_stored_and_checked_as_it_is(server, whole, cache):
    assert fetch("made", progress=False, sources=whole) == cache / "elsewhere"
    assert (cache / "elsewhere" / "all.tar.gz").read_bytes() == server.served["all.tar.gz"]
    server.asked.clear()
    fetch("made", progress=False, sources=whole)
    assert server.asked == []


def test_another_file_than_the_published_one_is_refused(server, whole, cache):
    # The same content, compressed in another manner: no mirror may do that here.
    server.served["all.tar.gz"] = gzip.compress(b"everything", 1, mtime=1)
    with pytest.raises(InputError, match=r"^http://\S+/all\.tar\.gz: expected SHA-256 \S+ \(got"):
        fetch("made", progress=False, sources=whole)
    assert names(cache / "elsewhere") == []


def test_every_source_has_whole_checksums():
    for source in SOURCES.values():
        assert source.base_url.endswith("/")
        assert all(len(bytes.fromhex(digest)) == 32 for digest in source.sha256.values())


def test_the_published_source_has_the_loaders_checksums():
    assert SOURCES["mnist"].sha256 is mnist.SHA256
    assert SOURCES["mnist"].base_url.startswith("https://")
