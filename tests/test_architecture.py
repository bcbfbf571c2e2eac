"""Who may import what: each outside library stays in its home, thinking stays pure, heavy things stay asleep."""
from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import ROOT

HOMES = {
    "chromadb": {"assistant/knowledge/index.py"},
    "onnxruntime": {"assistant/knowledge/embed.py"},
    "tokenizers": {"assistant/knowledge/embed.py"},
    "sentence_transformers": {"assistant/knowledge/embed.py"},
    "torch": {"assistant/knowledge/embed.py"},
    "bm25s": {"assistant/knowledge/words.py"},
    "langchain_core": {"assistant/knowledge/retriever.py"},
    "sqlite_utils": {"assistant/store/base.py", "assistant/store/migrations.py"},
    "sqlite3": {"assistant/store/base.py", "assistant/store/backup.py", "assistant/doctor.py"},
    "telegram": {f"assistant/handlers/telegram/{name}.py" for name in ("arriving", "courier", "face", "inbox", "leaving", "service")},
    "prompt_toolkit": {"assistant/handlers/terminal.py"},
    "rich": {"assistant/handlers/terminal.py", "assistant/cli.py"},
    "typer": {f"assistant/{name}.py" for name in ("cli", "cli_bot", "cli_check", "cli_data", "cli_facts")},
    "pydantic_settings": {"assistant/config.py"},
    "filelock": {"assistant/knowledge/index.py"},
    "uvicorn": {"assistant/fakeapi/server.py"},
}
PURE = ("domain", "errors", "coach", "guard", "overlay", "redact", "digits", "names", "render", "slots", "places", "floating", "recall")
CLOCKS = {"time", "datetime.now", "os", "pathlib", "random", "subprocess", "socket"}


def modules(folder: str) -> list[Path]:
    found = sorted((ROOT / folder).rglob("*.py"))
    assert len(found) > 3, f"no modules under {folder}: the check would look at nothing"
    return found


def imports(path: Path) -> set[str]:
    names = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names |= {node.module or ""} | {f"{node.module}.{alias.name}" for alias in node.names}
    return names


@pytest.mark.parametrize("library", HOMES)
def test_an_outside_library_is_imported_only_at_home(library):
    users = {str(path.relative_to(ROOT)) for path in modules("assistant")
             if any(name.split(".")[0] == library for name in imports(path))}
    assert users <= HOMES[library]


def test_thinking_modules_have_no_clock_file_network_or_print():
    for name in PURE:
        path = ROOT / "assistant" / f"{name}.py"
        assert not imports(path) & CLOCKS, name
        calls = {node.func.id for node in ast.walk(ast.parse(path.read_text("utf-8")))
                 if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)}
        assert not calls & {"print", "open", "input"}, name


def test_nothing_imports_evals_or_tests():
    for path in modules("assistant"):
        assert not any(name.split(".")[0] in ("evals", "tests", "training") for name in imports(path)
                       if "eval" not in path.stem), path


def test_domain_imports_nothing_of_ours():
    assert not any(name.startswith("assistant") for name in imports(ROOT / "assistant/domain.py"))


def _loaded_after(code: str) -> set[str]:
    script = f"import sys\n{code}\nprint(' '.join(sys.modules))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, cwd=ROOT, timeout=120)
    assert done.returncode == 0, done.stderr
    return set(done.stdout.split())


def test_the_command_line_wakes_nothing_heavy():
    loaded = _loaded_after("import assistant.cli")
    assert "assistant.cli" in loaded
    assert not loaded & {"torch", "chromadb", "onnxruntime", "sqlite_utils", "langchain_core", "pydantic_settings", "numpy", "telegram",
                         "uvicorn"}


def test_answering_wakes_neither_torch_nor_langchain_nor_the_log():
    loaded = _loaded_after("import assistant.asking, assistant.knowledge.search, assistant.knowledge.index, chromadb")
    assert "chromadb" in loaded
    assert not loaded & {"torch", "sentence_transformers", "langchain_core", "langchain", "sqlite_utils", "bm25s", "scipy"}


def test_files_stay_short_enough_to_be_one_job():
    long = {str(path.relative_to(ROOT)): count for path in modules("assistant")
            if (count := len(path.read_text("utf-8").splitlines())) > 400}
    assert long == {}
