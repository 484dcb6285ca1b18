from scripts.reference import FOLDER, pages


def test_the_generated_pages_are_up_to_date() -> None:
    stale = [name for name, text in pages().items() if (FOLDER / name).read_text(encoding="utf-8") != text]
    assert stale == [], "run: make docs"
