"""A county of fictional people and what its facilities write down of them, with the mistakes that registrations have.

`python -m bench.population --out FOLDER [--persons 20000] [--seed 1] [--mistakes 1.0]` writes `records.csv` and
`truth.csv` in the form `bench.mpi` reads. People live in households of related persons, so that telephones, doors,
surnames and contacts are shared; `Mistakes` says how often each thing goes wrong, and a factor makes all of it rarer or
more frequent. Citizen ids bear the division code 990122, which no place has. The frequencies of surnames are those of
the national name report for 2020 (Ministry of Public Security, first twenty), tailed off by judgement.
"""

from __future__ import annotations

import argparse
import csv
from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from random import Random
from typing import Final

from msgspec.structs import replace

from hub.kernel.citizen_id import check_digit
from hub.kernel.pinyin import readings
from hub.mpi.data_file import read_data
from hub.mpi.dates import lunar
from hub.mpi.record import Record

_SURNAMES: Final = (
    "王李张刘陈杨黄赵吴周徐孙马朱胡郭何林高罗郑梁谢宋唐许韩冯邓曹彭曾肖田董袁潘于蒋蔡余杜叶程苏魏吕丁任沈姚卢姜崔钟谭陆汪范金"
    "石廖贾夏韦付方白邹孟熊秦邱江尹薛闫段雷侯龙史陶黎贺顾毛郝龚邵万钱严覃武戴莫孔向汤单尉仇解查"
)
_WEIGHTS: Final = [7.1, 7.0, 6.7, 5.1, 4.5, 3.0, 2.2, 2.0, 2.0, 1.9, 1.4, 1.4, 1.3, 1.2, 1.2, 1.1, 1.1, 1.0, 1.0, 0.9]
_MALE: Final = (
    "伟强磊军洋勇杰涛明超刚平辉鹏华飞斌波林浩宇志建国文东海峰成龙根福贵宝祥庆生荣春德昌盛云山松柏毅诚轩昊航博瑞泽铭晨俊豪凯鑫"
    "烨"
)
_FEMALE: Final = (
    "芳娜敏静丽艳娟秀霞英兰玉红梅燕玲桂莉萍琴凤珍莲菊香雪琳倩婷欣怡梓涵雨萱"
    "诗悦佳颖慧洁莹璐璇妍蕾薇岚芬翠美爱月云彩银仙巧"
)
_RARE: Final = "䶮犇骉烎堃喆翀甯彧玥"
_TOWNS: Final = ["青石镇", "白溪镇", "红岭乡", "柳河镇", "双桥镇", "云泉乡", "龙山镇", "北塘镇"]
_PLACE_1: Final = "青白红石柳河桥山云泉长新大小上下前后"
_PLACE_2: Final = "石云溪坪湾沟坡塘岭坝"
_ROADS: Final = ["人民路", "解放路", "文化路", "大桥路", "中山路", "建设路"]
_ESTATES: Final = ["阳光花园", "金碧家园", "御景湾", "锦绣苑"]
_TODAY: Final = date(2026, 6, 30)


@dataclass(frozen=True, slots=True)
class Mistakes:
    """Probabilities, per registration where that makes sense."""

    no_id: float = 0.22
    mistyped_id: float = 0.02
    masked_id: float = 0.02
    short_id: float = 0.01
    borrowed_id: float = 0.10  #: of children
    borrowed_birth: float = 0.2  #: of borrowed ids: the birth date is taken from the card as well
    no_birth: float = 0.03
    mistyped_birth: float = 0.012
    guessed_birth: float = 0.03
    lunar_birth: float = 0.03
    no_phone: float = 0.18
    other_phone: float = 0.12
    no_address: float = 0.18
    moved: float = 0.05
    no_insurance: float = 0.5
    mistyped_insurance: float = 0.01
    no_contact: float = 0.4
    no_sex: float = 0.03
    wrong_sex: float = 0.006
    homophone: float = 0.025
    look_alike: float = 0.01
    left_out: float = 0.006
    unreadable: float = 0.3  #: of names with a rare character
    traditional: float = 0.01
    other_name: float = 0.004
    newborn_name: float = 0.5  #: of registrations in the first month
    bare: float = 0.02  #: a name, and one other thing

    def scaled(self, factor: float) -> Mistakes:
        """All of it so much rarer or more frequent, at most .9."""
        return Mistakes(*(min(0.9, factor * getattr(self, one.name)) for one in fields(self)))


@dataclass(slots=True)
class Person:
    """Who somebody is."""

    number: int
    name: str
    sex: str
    born: date
    citizen_id: str
    insurance: str
    phone: str
    address: tuple[str, str, str]
    contact: Person | None = None
    relation: str = ""
    order: str = ""
    mother: Person | None = None
    parent: Person | None = None


class County:
    """Persons by household, then their registrations; the same seed gives the same county."""

    def __init__(self, seed: int, mistakes: Mistakes) -> None:
        self._random: Final = Random(seed)
        self._mistakes: Final = mistakes
        self._count = 0
        self._serials = 0
        self._weights: Final = [*_WEIGHTS, *(0.85 * 0.965**n for n in range(len(_SURNAMES) - len(_WEIGHTS)))]
        self._villages: Final = [
            f"{self._random.choice(_PLACE_1)}{self._random.choice(_PLACE_2)}村" for _ in range(160)
        ]

    def persons(self, count: int) -> list[Person]:
        """About so many, household by household."""
        people: list[Person] = []
        while len(people) < count:
            people += self._household()
        return people[:count]

    def records(self, people: list[Person]) -> Iterator[tuple[Record, int]]:
        """Registrations and the number of the person, in random order of days."""
        found = []
        for person in people:
            weights = (20, 25, 20, 15, 10, 6, 4)
            times = self._random.choices(range(1, 8), weights)[0]
            facilities = self._random.choices(
                ("D01", "D02", "D03", "D04", "D05", "D06"), (30, 15, 15, 12, 15, 13), k=times
            )
            found += [(self._registration(person, facility), person.number) for facility in facilities]
        self._random.shuffle(found)
        for number, (record, person_number) in enumerate(found):
            yield replace(record, record_id=f"R{number:06}", mrn=f"{record.facility}-{number}"), person_number

    # -- people

    def _household(self) -> list[Person]:
        random = self._random
        address = self._address()
        born = _TODAY - timedelta(days=random.randint(22 * 365, 92 * 365))
        husband = self._person(self._surname(), "M", born, address)
        found = [husband]
        if random.random() < 0.8:
            wife = self._person(self._surname(), "F", born + timedelta(days=random.randint(-2000, 2500)), address)
            found.append(wife)
            husband.contact, husband.relation = wife, "配偶"
            wife.contact, wife.relation = husband, "配偶"
            for _ in range(random.choice((0, 1, 1, 1, 2, 2, 3))):
                found += self._children(husband, wife, address)
        if random.random() < 0.3:
            shared = random.choice(found)
            for one in found:
                if random.random() < 0.6:
                    one.phone = shared.phone
        return found

    def _children(self, father: Person, mother: Person, address: tuple[str, str, str]) -> list[Person]:
        random = self._random
        born = mother.born + timedelta(days=random.randint(20 * 365, 38 * 365))
        if born > _TODAY - timedelta(days=3):
            return []
        twins = random.random() < 0.02
        found = []
        surname = father.name[:2] if father.name[:2] in _compound() else father.name[:1]
        shared = random.choice(_MALE + _FEMALE)
        for order in range(2 if twins else 1):
            grown = (_TODAY - born).days > 18 * 365
            child = self._person(
                surname, random.choice("MF"), born, self._address() if grown and random.random() < 0.5 else address
            )
            if twins and random.random() < 0.6:
                child.name = surname + shared + child.name[-1]
            child.mother, child.parent = mother, random.choice((father, mother))
            child.order = str(order + 1) if twins else ""
            child.contact = child.parent
            child.relation = "父亲" if child.parent is father else "母亲"
            if not grown:
                child.phone = child.parent.phone
            elif random.random() < 0.4:
                child.parent.contact, child.parent.relation = child, "子女"
            found.append(child)
        return found

    def _person(self, surname: str, sex: str, born: date, address: tuple[str, str, str]) -> Person:
        random = self._random
        number = self._count = self._count + 1
        pool = (_MALE if sex == "M" else _FEMALE) if random.random() < 0.9 else _MALE + _FEMALE
        if random.random() < 0.01:
            pool = _RARE
        given = "".join(
            random.choice(pool) for _ in range(1 if random.random() < (0.25 if born.year < 2000 else 0.12) else 2)
        )
        sequence = random.randrange(1, 998)
        sequence += (sequence % 2 == 1) != (sex == "M")
        body = f"990122{born:%Y%m%d}{sequence:03}"
        return Person(
            number, surname + given, sex, born, body + check_digit(body), f"9901{random.randrange(10**8):08}",
            self._phone(), address,
        )  # fmt: skip

    def _surname(self) -> str:
        if self._random.random() < 0.004:
            return self._random.choice(sorted(_compound()))
        return self._random.choices(_SURNAMES, self._weights)[0]

    def _phone(self) -> str:
        return f"1{self._random.choice('3578')}{self._random.randrange(10**9):09}"

    def _address(self) -> tuple[str, str, str]:
        random = self._random
        town = random.choice(_TOWNS)
        if random.random() < 0.6:
            return town, random.choice(self._villages), f"{random.randint(1, 14)}组{random.randint(1, 210)}号"
        if random.random() < 0.5:
            return town, random.choice(_ROADS), f"{random.randint(1, 400)}号"
        door = f"{random.randint(1, 30)}幢{random.randint(1, 4)}单元{random.randint(1, 18)}0{random.randint(1, 4)}室"
        return town, random.choice(_ESTATES), door

    # -- registrations

    def _happens(self, name: str) -> bool:
        chance: float = getattr(self._mistakes, name)
        return self._random.random() < chance

    def _registration(self, person: Person, facility: str) -> Record:
        first_day = max(person.born, date(2014, 1, 1))
        day = first_day + timedelta(days=self._random.randint(0, (_TODAY - first_day).days))
        if self._random.random() < 0.15 and person.born > date(2014, 1, 1):
            day = min(_TODAY, person.born + timedelta(days=self._random.randint(0, 20)))
        child = (day - person.born).days < 14 * 365
        infant = (day - person.born).days < 28
        address = self._where(person)
        record = Record(
            record_id="",
            facility=facility,
            name=self._name(person, facility),
            sex=self._sex(person),
            birth_date=self._birth(person),
            id_no="" if infant else self._id(person),
            insurance_no=self._insurance(person),
            phone=self._called(person),
            address=address,
            registered_on=day.isoformat(),
            birth_order=person.order if infant and self._random.random() < 0.7 else "",
        )
        if infant and self._happens("newborn_name") and person.mother:
            record = replace(record, name=self._newborn(person))
        elif child and person.parent and self._happens("borrowed_id"):
            card = person.parent.citizen_id
            birth = person.parent.born.isoformat() if self._happens("borrowed_birth") else record.birth_date
            record = replace(record, id_no=card, birth_date=birth)
        if person.contact and not self._happens("no_contact"):
            phone = person.contact.phone if self._random.random() < 0.8 else ""
            record = replace(
                record, contact_name=person.contact.name, contact_relation=person.relation, contact_phone=phone
            )
        return self._less(record, facility)

    def _less(self, record: Record, facility: str) -> Record:
        """What some facilities do not ask for."""
        if facility in {"D03", "D04"}:
            dropped = ["contact_name", "contact_relation", "contact_phone", "birth_order"]
            dropped += ["id_no"] if self._random.random() < (0.3 if facility == "D03" else 0.8) else []
            dropped += ["insurance_no"] if self._random.random() < 0.5 else []
            dropped += ["address"] if self._random.random() < 0.6 else []
            dropped += ["phone"] if facility == "D04" and self._random.random() < 0.4 else []
            record = replace(record, **dict.fromkeys(dropped, ""))
        if self._happens("bare"):
            kept = self._random.choice(("birth_date", "phone", "id_no", "insurance_no"))
            names = ("birth_date", "phone", "id_no", "insurance_no", "address", "contact_name", "contact_phone")
            record = replace(record, **dict.fromkeys((name for name in names if name != kept), ""))
        return record

    def _name(self, person: Person, facility: str) -> str:
        random, name = self._random, person.name
        if self._happens("other_name"):
            return name[0] + "".join(random.choices(_MALE if person.sex == "M" else _FEMALE, k=len(name) - 1))
        if self._happens("homophone"):
            name = self._changed(name, lambda one: _homophones().get((readings(one) or ("",))[0], one))
        if self._happens("look_alike"):
            name = self._changed(name, lambda one: _look_alikes().get(one, one))
        if self._happens("left_out") and len(name) > 2:
            name = name[0] + name[-1]
        if any(one in _RARE for one in name) and self._happens("unreadable"):
            name = "".join(random.choice("?□*") if one in _RARE else one for one in name)
        if self._happens("traditional"):
            name = name.translate(_traditional())
        if facility == "D04" and random.random() < 0.6:
            return self._latin(name)
        return name + ("　" if random.random() < 0.02 else "")

    def _changed(self, name: str, others: Callable[[str], str]) -> str:
        place = (
            self._random.randrange(len(name)) if self._random.random() < 0.2 else self._random.randrange(1, len(name))
        )
        found = others(name[place])
        return name[:place] + self._random.choice(found) + name[place + 1 :]

    def _latin(self, name: str) -> str:
        syllables = [(readings(one) or ("X",))[0] for one in name]
        surname, given = syllables[0], syllables[1:]
        whole = "".join(given) if self._random.random() < 0.6 else " ".join(given)
        form = self._random.choice(("{0}^{1}", "{0} {1}", "{1} {0}"))
        text = form.format(surname, whole)
        return text.title() if self._random.random() < 0.4 else text

    def _newborn(self, person: Person) -> str:
        mother = person.mother.name if person.mother else person.name
        ending = "之子" if person.sex == "M" else "之女"
        form = self._random.choice(("{0}{1}{2}", "{0}{1}{2}", "{0}婴", "{0}宝宝"))
        return form.format(mother, ending, person.order)

    def _sex(self, person: Person) -> str:
        if self._happens("no_sex"):
            return self._random.choice(("", "U"))
        return {"M": "F", "F": "M"}[person.sex] if self._happens("wrong_sex") else person.sex

    def _birth(self, person: Person) -> str:
        born = person.born
        if self._happens("no_birth"):
            return ""
        if self._happens("guessed_birth") and born.year < 1990:
            return f"{born.year + self._random.choice((0, 0, 0, 1, -1))}-01-01"
        if self._happens("lunar_birth") and born.year < 1985:
            told = lunar(born)
            return f"{told[0]:04}-{told[1]:02}-{told[2]:02}" if told else born.isoformat()
        if self._happens("mistyped_birth"):
            return self._mistyped_day(born)
        return born.isoformat()

    def _mistyped_day(self, born: date) -> str:
        if born.day <= 12 and self._random.random() < 0.4:
            return f"{born.year}-{born.day:02}-{born.month:02}"
        return f"{born.year}-{born.month:02}-{self._random.randint(1, 28):02}"

    def _id(self, person: Person) -> str:
        text = person.citizen_id
        if self._happens("no_id"):
            return ""
        if self._happens("mistyped_id"):
            return self._slip(text)
        if self._happens("masked_id"):
            return text[:6] + "*" * 8 + text[14:]
        if self._happens("short_id") and person.born.year < 2000:
            return text[:6] + text[8:17]
        return text.lower() if self._random.random() < 0.02 else text

    def _slip(self, text: str) -> str:
        place = self._random.randrange(len(text) - 1)
        if self._random.random() < 0.4:
            return text[:place] + text[place + 1] + text[place] + text[place + 2 :]
        return text[:place] + str(self._random.randrange(10)) + text[place + 1 :]

    def _insurance(self, person: Person) -> str:
        if self._happens("no_insurance"):
            return ""
        return self._slip(person.insurance) if self._happens("mistyped_insurance") else person.insurance

    def _called(self, person: Person) -> str:
        if self._happens("no_phone"):
            return self._random.choice(("", "", "不详", "13000000000"))
        if self._happens("other_phone"):
            relative = person.contact.phone if person.contact and self._random.random() < 0.5 else ""
            return relative or self._phone()
        return person.phone

    def _where(self, person: Person) -> str:
        if self._happens("no_address"):
            return ""
        town, place, door = self._address() if self._happens("moved") else person.address
        if self._random.random() < 0.12:
            door = ""
        elif self._random.random() < 0.2:
            door = door.replace("组", "组 ").partition("组 ")[2] or door
            door = door.replace("幢", "-").replace("单元", "-").replace("室", "")
        return (
            self._random.choice(("虚构省示范市示范县", "示范县", ""))
            + self._random.choice((town, town, ""))
            + place
            + door
        )


@cache
def _compound() -> frozenset[str]:
    return frozenset(read_data("surnames")["compound"])


@cache
def _homophones() -> dict[str, str]:
    found: dict[str, str] = {}
    for one in _MALE + _FEMALE + _SURNAMES + "晓小筱志智芝雨语羽嘉佳加建健剑静晶婧丽莉俐玲灵伶伟炜玮":
        for reading in readings(one)[:1]:
            found[reading] = found.get(reading, "") + one
    return found


@cache
def _look_alikes() -> dict[str, str]:
    found: dict[str, str] = {}
    for pair in [
        "昊吴",
        "岚风",
        "莹萤",
        "杨扬",
        "洁浩",
        "敏敝",
        "琳淋",
        "婷停",
        "明朋",
        "伟纬",
        "晨辰",
        "轩斩",
        "华毕",
        "侯候",
        "倩情",
    ]:
        first, second = pair[0], pair[1]
        found[first] = found.get(first, "") + second
        found[second] = found.get(second, "") + first
    return found


@cache
def _traditional() -> dict[int, str]:
    table = read_data("simplified")
    return {ord(one): other for other, one in zip(table["traditional"], table["simplified"], strict=True)}


def write(folder: Path, records: list[tuple[Record, int]]) -> None:
    """`records.csv` and `truth.csv`."""
    folder.mkdir(parents=True, exist_ok=True)
    names = [name for name in Record.__struct_fields__ if name != "health_card"]
    with (folder / "records.csv").open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(names)
        rows.writerows([getattr(record, name) for name in names] for record, _ in records)
    with (folder / "truth.csv").open("w", encoding="utf-8", newline="") as file:
        truth = csv.writer(file)
        truth.writerow(("record_id", "person_id"))
        truth.writerows((record.record_id, f"P{number}") for record, number in records)


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--out", type=Path, required=True)
    options.add_argument("--persons", type=int, default=20_000)
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--mistakes", type=float, default=1.0, help="how often things go wrong, against the default")
    told = options.parse_args()
    county = County(told.seed, Mistakes().scaled(told.mistakes))
    write(told.out, list(county.records(county.persons(told.persons))))


if __name__ == "__main__":
    main()
