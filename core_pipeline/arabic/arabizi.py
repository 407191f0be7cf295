"""Arabic typed in Latin letters and figures (``3ayez a7gez``): how to know it and how to find its words."""

from __future__ import annotations

import re

from core_pipeline.arabic.analysis import is_arabic, without_prefix
from core_pipeline.arabic.normalise import normalise

_WORD = re.compile(r"[a-z0-9']+")
_FIGURE_IN_WORD = re.compile(r"(?<![a-z0-9])(?=[a-z0-9']*[a-z])[a-z']*(?:[a-z][235679]+|[235679]+[a-z])[a-z0-9']*")
# Ordinary Latin tokens that mix letters and figures: 3pm, 2nd, 5km, 3d, b2b, 4g, room numbers such as a5.
_NOT_ARABIZI = re.compile(
    r"\d+(?:am|pm|st|nd|rd|th|km|kg|g|gb|mb|ml|cm|mm|m|l|h|hr|hrs|min|mins|d|k|x|egp|le|usd|sar)|[a-z]\d+|b2b|mp3|h2o|covid19"
)
_WITH_YOU = re.compile(r"3a?nd?[ou]?[aeo]?k(?:[ou]+m?)?|m3?a3?a?k[ou]+m?|fi+k[ou]+m?")
_ARTICLE = re.compile(r"^(?:el|al|il|wel|wal|bel|lel)-?(?=[a-z0-9]{3})")

# Latin spelling → Arabic word; an empty word says nothing in a search.
_PLAIN = """fein=فين fen=فين feen=فين wein=وين wen=وين ween=وين emta=متى imta=متى emte=متى mata=متى bkam=سعر bekam=سعر
bikam=سعر bkm=سعر kam=سعر se3r=سعر sa3r=سعر as3ar=سعر eh= eih= esh= esm=اسم shu=
sho= wesh= wsh= aish= ezay= ezzay= izay= shlon= shlonkom= kif= keef= ana= enta= enti= ento= entou= e7na= howa= heya= feeh= feh= fih=
fi= 3andoko= 3andokom= 3andkom= 3andko= 3ndko= 3ndokom= 3andokoo= 3andak= 3ndk= 3ndkm= 3ayez= 3ayz= 3awez= 3ayza= 3aiz= aayez= ayez= ayza= ayzeen=
3ayzeen= abgha= abghi= abi= abga= abga3= momken= mumkin= mumken= law= lw= samaht= sama7t= sam7t= sma7t= men= min= mn= fel= fil= fe=
el= al= il= da= di= de= dah= wala= walla= wa= w= we= ya= ma= mesh= mish= msh= bas= bs= 3ala= 3la= 3an= 3n= m3= ma3= ma3akom= ma3ako= yen'fa3=
yenfa3= ynf3= hal= le= li= lel= lil= a3raf= a3rf= aref= bta3= bta3et= beta3= bta3t= aywa= la= la2= tab= tayeb= delwa2ty= delw2ty= alaan=
elnaharda= enaharda= naharda= bokra=غدا yom=يوم youm=يوم yoom=يوم gom3a=جمعة goma3a=جمعة gomaa=جمعة jum3a=جمعة jumaa=جمعة jom3a=جمعة
mawa3id=ساعة mawa3idko=ساعة mawa3edko=ساعة 3amal=عمل shoghl=عمل mawa3eed=ساعة ma3ad=ساعة mo3ad=ساعة maw3ed=ساعة dawam=ساعة sa3at=ساعة wa2t=ساعة wa2et=ساعة 
fat7een=فتح fat7in=فتح maftou7=فتح maftoo7=فتح btfta7o=فتح betefta7o=فتح bteft7o=فتح betefta7ou=فتح bteftaho=فتح tefta7oon=فتح
te2felo=غلق bte2felo=غلق bt2flo=غلق betefelo=غلق te2felou=غلق
tawseel=توصيل taw9eel=توصيل tawsil=توصيل delivery=توصيل delivry=توصيل betwasalo=توصيل bewasalo=توصيل twasloon=توصيل btwsalo=توصيل bttwaslo=توصيل
7agz=حجز a7gez=حجز a7gz=حجز a7jez=حجز 7ajz=حجز hagz=حجز ahgez=حجز tarabeza=طاولة tarabiza=طاولة trabeza=طاولة tawla=طاولة tawela=طاولة 6awla=طاولة
adfa3=دفع daf3=دفع adf3=دفع edfa3=دفع visa=بطاقة kart=بطاقة cash=نقد kash=نقد akl=طعام aklat=طعام akel=طعام menu=قائمة menyu=قائمة menio=قائمة
3enwan=عنوان 3nwan=عنوان   makankom=عنوان makanko=عنوان makankoo=عنوان mkankom=عنوان 3enwanko=عنوان 3enwankom=عنوان mkanko=عنوان location=عنوان loca=عنوان atfal=طفل 2atfal=طفل awlad=طفل 3yal=طفل 3eyal=طفل
3arabeya=سيارة 3arabiya=سيارة 3rbya=سيارة 3arabeyty=سيارة sayara=سيارة garage=موقف parking=موقف arken=موقف 3a2ela=عائلة 3aelat=عائلة 3ayelat=عائلة 3a2elat=عائلة 3awayel=عائلة 3elat=عائلة
nabati=نباتي nabaty=نباتي wifi=انترنت internet=انترنت net=انترنت shakwa=شكوى ashtki=شكوى modir=مدير modeer=مدير mas2ool=مدير mas2ol=مدير wazifa=وظيفة wazayef=وظيفة
5asm=خصم khasm=خصم 3orood=خصم 3rod=خصم 3oroud=خصم far3=فرع foro3=فرع fr3=فرع foroo3=فرع 7afla=حفلة 7aflat=حفلة hafla=حفلة 3id=عيد eid=عيد milad=ميلاد melad=ميلاد
fetar=فطور fotoor=فطور iftar=فطور eftar=فطور ramadan=رمضان ramdan=رمضان 7elw=حلوى 7alaweyat=حلوى 7lwyat=حلوى halaweyat=حلوى masharib=مشروب 3asir=مشروب 3aseer=مشروب
7asaseya=حساسية 7asaseyya=حساسية hasaseya=حساسية alghi=الغاء al8y=الغاء algy=الغاء atfal=طفل nafar=شخص afrad=شخص ashkhas=شخص"""
_KNOWN = {latin: arabic for latin, _, arabic in (pair.partition("=") for pair in _PLAIN.split())}
# Spelt without figures, yet no English words: any of these in a Latin text makes it Arabizi.
_SIGNS = frozenset(
    """salam salamo salamu alaikum alaykum 3alaikom assalamu asalamu marhaba mar7aba ahlan sabah saba7 masa2 masaa shukran shokran
    shukraan motshakker habibi habibti ezayak ezayek ezayko fein fen feen wein ween emta imta bkam bekam bikam ayez ayza aayez abgha abghi
    momken mumkin mumken samaht tawseel tawsil hagz tarabeza yalla inshallah insha2allah mafish mafeesh mesh mish gomaa nabati
    wazayef halaweyat delwaty enaharda elnaharda bokra bukra shlon shlonkom ento howa feeh fih 3andoko""".split()
)

_DIGRAPHS = (("sh", "ش"), ("ch", "ش"), ("kh", "خ"), ("gh", "غ"), ("th", "ث"), ("dh", "ذ"), ("3'", "غ"), ("7'", "خ"))
_LETTERS = str.maketrans(
    dict(zip("3456789bptgjdrzsfvqklmnhxc", "عشخطحقصببتججدرزسففقكلمنهكك", strict=True)) | dict.fromkeys("2wyaeiou'")
)
# Sounds that Arabizi writers do not tell apart fall together; vowels and hamza are dropped, long ones too.
_CONSONANTS = str.maketrans(dict(zip("صطضظذثقغح", "ستدززسكجه", strict=True)) | dict.fromkeys("اويىءأإآؤئ"))
_DOUBLED = re.compile(r"(.)\1+")


def _tokens(text: str) -> list[str]:
    return _WORD.findall(normalise(text).replace("’", "'"))


def is_arabizi(text: str) -> bool:
    """Whether a text without Arabic letters is Arabic in Latin ones: figures inside words, or telling words."""
    if re.search("[\u0621-\u064a]", text):
        return False
    found = _tokens(text)
    return any(_telling(word) for word in found)


def _telling(word: str) -> bool:
    bare = _ARTICLE.sub("", word)
    if word in _SIGNS or bare in _SIGNS:
        return True
    return bool(_FIGURE_IN_WORD.fullmatch(word)) and not _NOT_ARABIZI.fullmatch(word)


def arabic_words(text: str) -> list[str]:
    """Return for each telling word of an Arabizi text its Arabic word where the lexicon knows it, else itself."""
    found = []
    for word in _tokens(text):
        bare = _ARTICLE.sub("", word)
        arabic = _KNOWN.get(word, _KNOWN.get(bare, bare))
        if arabic and not _WITH_YOU.fullmatch(word):
            found.append(arabic)
    return found


def skeleton(word: str) -> str:
    """Return the consonants of an Arabic or an Arabizi word in one alphabet: ``9ahwa`` and ``قهوة`` agree."""
    if is_arabic(word):
        bare = without_prefix(word)
        letters = bare.rstrip("هة") or bare
    else:
        letters = re.sub(r"(?<=[aeiou])h$", "", word)
        for pair, letter in _DIGRAPHS:
            letters = letters.replace(pair, letter)
        letters = re.sub("[a-z0-9']", "", letters.translate(_LETTERS))
    return _DOUBLED.sub(r"\1", letters.translate(_CONSONANTS))
