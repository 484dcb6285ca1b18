import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.kernel.errors import Category, HubError
from hub.mpi.record import Record
from hub.mpi.records_file import COLUMNS, read_records

HEADER = ",".join(COLUMNS)


def row(**fields: str) -> str:
    return ",".join(({"record_id": "1", "facility": "F01"} | fields).get(column, "") for column in COLUMNS)


def read(content: bytes | str) -> list[Record]:
    data = content if isinstance(content, bytes) else content.encode()
    return list(read_records(data.splitlines(keepends=True), "r.csv"))


def test_records_are_read_by_column_name_in_any_order_with_others_beside_them() -> None:
    turned = ",".join(("other", *reversed(COLUMNS)))
    (found,) = read(f"{turned}\n9,{','.join(reversed(row(name='吴晓岚').split(',')))}\n")
    assert found == Record(record_id="1", facility="F01", name="吴晓岚")


def test_a_byte_order_mark_quotes_and_empty_lines_are_no_matter() -> None:
    quoted = row(name='"吴\n晓岚"')
    (found,) = read(b"\xef\xbb\xbf" + f"{HEADER}\r\n\r\n{quoted}\r\n".encode())
    assert found.name == "吴\n晓岚"


@pytest.mark.parametrize(
    ("content", "category", "told"),
    [
        ("", Category.INVALID, "r.csv:1: is empty"),
        (HEADER.replace("phone,", "", 1).replace(",sex", "") + "\n", Category.INVALID, "r.csv:1: columns missing: "),
        (f"{HEADER}\n{row()},x\n", Category.INVALID, "r.csv:2: has 16 fields, the header 15"),
        (f"{HEADER}\n{row()}\n{row()}\n", Category.INVALID, "r.csv:3: has the record_id of line 2"),
        (f"{HEADER}\n{row(record_id='')}\n", Category.INVALID, "r.csv:2: has no record_id"),
        (f'{HEADER}\n"unfinished', Category.UNREADABLE, "r.csv:2: is not CSV"),
        (
            f"{HEADER}\n{row()}\n".encode() + row(record_id="2", name="吴").encode("gb18030"),
            Category.UNREADABLE,
            "r.csv:3: ",
        ),
        (HEADER.encode("utf-16"), Category.UNREADABLE, "r.csv:1: is not UTF-8"),
    ],
)
def test_what_is_wrong_is_told_with_its_line(content: bytes | str, category: Category, told: str) -> None:
    with pytest.raises(HubError) as refused:
        read(content)
    assert refused.value.category is category
    assert told in str(refused.value)


def test_missing_columns_are_named() -> None:
    with pytest.raises(HubError, match="columns missing: sex, contact_phone;"):
        read(HEADER.replace(",sex", "").replace(",contact_phone", "") + "\n")


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(content: bytes) -> None:
    try:
        read(HEADER.encode() + b"\n" + content)
    except HubError as error:
        assert error.where.startswith("r.csv:")
