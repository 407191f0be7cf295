"""What a model's folder says about it, before anything is loaded: its kind, its languages, the files it refers to."""

from __future__ import annotations

import re
from pathlib import Path

from core_pipeline.engines.weights.place import is_path
from errors import NeedsOwner

NANO, CTC = "FunASRNano", "CTC"

# The languages of Fun-ASR-MLT-Nano, and how its prompt calls each.
NAMES = {
    "ar": "阿拉伯语", "bg": "保加利亚语", "cs": "捷克语", "da": "丹麦语", "de": "德语", "el": "希腊语", "en": "英文",
    "et": "爱沙尼亚语", "fi": "芬兰语", "ga": "爱尔兰语", "hi": "印地语", "hr": "克罗地亚语", "hu": "匈牙利语",
    "id": "印尼语", "ja": "日文", "ko": "韩文", "lt": "立陶宛语", "lv": "拉脱维亚语", "ms": "马来语", "mt": "马耳他语",
    "nl": "荷兰语", "pl": "波兰语", "pt": "葡萄牙语", "ro": "罗马尼亚语", "sk": "斯洛伐克语", "sl": "斯洛文尼亚语",
    "sv": "瑞典语", "th": "泰语", "tl": "菲律宾语", "vi": "越南语", "zh": "中文",
}  # fmt: skip
_FEW = frozenset({"zh", "en", "ja"})
_KIND = re.compile(r"""^\s*["']?model["']?\s*:\s*["']?(\w+)""", re.MULTILINE)
_REFERS = re.compile(r"""init_param_path["']?\s*:\s*["']?([^\s"',}]+)""")


def kind_of(folder: Path) -> str:
    """Return the class of network that the folder's configuration names; empty when it names none."""
    found = _KIND.search(_configuration(folder))
    return found.group(1) if found else ""


def languages_in(model: str) -> frozenset[str] | None:
    """Return the languages that `model`, a hub's name or a folder, hears; None where neither name nor kind tells.

    Fun-ASR-Nano and Fun-ASR-MLT-Nano differ in nothing but their weights and name: only MLT knows Arabic.
    """
    folder = Path(model).expanduser()
    name = str(folder.resolve()) if is_path(model) else model
    if "mlt-nano" in name.lower():
        return frozenset(NAMES)
    if "nano" in name.lower().rpartition("/")[2] or (is_path(model) and kind_of(folder) == NANO):
        return _FEW
    return None


def check(folder: Path) -> None:
    """Raise NeedsOwner for a network that we can't run, or one that refers to files that are not there."""
    kind = kind_of(folder)
    if kind not in {NANO, CTC}:
        raise NeedsOwner("weights-unknown", f"{folder.name} holds {kind or 'no network'}: we run {NANO} and {CTC}")
    for name in set(_REFERS.findall(_configuration(folder))):
        if not (folder / name).exists():  # transformers would look for it on the hub
            raise NeedsOwner(
                "weights-missing", f"{folder.name} has no {name}: delete it and run `cli.py doctor --pull`"
            )


def _configuration(folder: Path) -> str:
    file = folder / "config.yaml"
    return file.read_text(encoding="utf-8", errors="replace") if file.is_file() else ""
