"""How people, staff and platforms misspell, mask and mangle values.

Belongs here: spelling functions for one value, each choosing its variant by a number in [0, 1).
Does not belong here: which records get dirty (the channel modules decide and count).
"""

from __future__ import annotations

from orchestration.demo import names

PLACEHOLDER_PHONE = "13800138000"
PLACEHOLDER_EMAIL = "test@test.com"
_FULL_WIDTH = str.maketrans("0123456789", "０１２３４５６７８９")
_ID_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
GENDER_SPELLINGS = {
    "male": ("男", "男", "男", "M", "1", "先生", "male", "男 ", "Male", "保密", ""),
    "female": ("女", "女", "女", "F", "2", "女士", "female", " 女", "Female", "保密", ""),
}


def mask_phone(number: int) -> str:
    """138****1234, as the platforms show it."""
    text = str(number)
    return f"{text[:3]}****{text[7:]}"


def mask_phone_short(number: int) -> str:
    """138*******4, as JD shows it since 2021."""
    text = str(number)
    return f"{text[:3]}*******{text[10:]}"


def mask_email(email: str) -> str:
    """zha***@163.com."""
    local, domain = email.split("@")
    return f"{local[:3]}***@{domain}"


def mask_name(name: str) -> str:
    """张* or 张**: the family name and stars."""
    return name[0] + "*" * (len(name) - 1)


def spell_phone(number: int, pick: float) -> str:
    """One of the spellings in which staff type a mobile number."""
    text = str(number)
    if pick < 0.70:
        return text
    if pick < 0.77:
        return f"+86{text}"
    if pick < 0.83:
        return f"{text[:3]} {text[3:7]} {text[7:]}"
    if pick < 0.88:
        return f"{text[:3]}-{text[3:7]}-{text[7:]}"
    if pick < 0.92:
        return text.translate(_FULL_WIDTH)
    if pick < 0.95:
        return f"0086-{text}"
    if pick < 0.975:
        return f" {text} "
    return f"+86 {text}"


def spell_email(email: str, pick: float) -> str:
    """Case, stray spaces and a full-width at sign."""
    if not email or pick < 0.85:
        return email
    if pick < 0.90:
        return email.upper()
    if pick < 0.94:
        return f" {email}"
    if pick < 0.97:
        return email.replace("@", "＠")
    local, domain = email.split("@")
    return f"{local.capitalize()}@{domain.upper()}"


def spell_name(name: str, gender: str, pick: float) -> str:
    """Titles, stray and full-width spaces."""
    if pick < 0.84:
        return name
    if pick < 0.92:
        titles = names.TITLES[gender]
        return name + titles[int(pick * 1000) % len(titles)]
    if pick < 0.95:
        return f"{name} "
    if pick < 0.975:
        return f"{name[0]}　{name[1:]}"
    return f" {name}"


def spell_birth_date(day: str, pick: float) -> str:
    """A date `1990-01-05` in one of six formats."""
    year, month, dom = day.split("-")
    if pick < 0.45:
        return day
    if pick < 0.60:
        return f"{year}/{int(month)}/{int(dom)}"
    if pick < 0.72:
        return f"{year}{month}{dom}"
    if pick < 0.84:
        return f"{year}年{int(month)}月{int(dom)}日"
    if pick < 0.92:
        return f"{year}.{month}.{dom}"
    return f"{day} 00:00:00"


def spell_gender(gender: str, pick: float) -> str:
    """One of the spellings of a gender, some of which say nothing."""
    spellings = GENDER_SPELLINGS[gender]
    return spellings[int(pick * len(spellings))]


def mistype_phone(number: int, pick: float) -> int:
    """One digit off, never the first three."""
    digits = list(str(number))
    place = 3 + int(pick * 8)
    digits[place] = str((int(digits[place]) + 1 + int(pick * 800) % 9) % 10)
    return int("".join(digits))


def national_id(region: str, birth: str, serial: int, is_male: bool) -> str:
    """A resident identity card number with a valid check digit (GB 11643-1999).

    Args:
        region: Four digits of the place of registration.
        birth: Date of birth, `1990-01-05`.
        serial: Anything; its last digits tell people of one day apart.
        is_male: The 17th digit is odd for men.
    """
    order = serial % 500 * 2 + (1 if is_male else 0)
    body = f"{region}{1 + serial // 500 % 18:02d}{birth.replace('-', '')}{order % 1000:03d}"
    total = sum(int(d) * w for d, w in zip(body, _ID_WEIGHTS, strict=True))
    return body + "10X98765432"[total % 11]
