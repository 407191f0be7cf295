"""What can be wrong with a document, as sentences for its owner: the code that is kept, in Arabic and in English."""

from __future__ import annotations

from typing import Literal

FAULTS: dict[str, tuple[str, str]] = {
    "document-unreadable": (
        "تعذّرت قراءة الملف، فهو تالف أو ناقص. احفظه من جديد ثم أعد رفعه.",
        "The file is broken or incomplete and could not be read. Save it again and upload it anew.",
    ),
    "document-kind": (
        "هذا النوع من الملفات غير مدعوم. الأنواع المقبولة: PDF وDOCX وXLSX وCSV وHTML وTXT وMD.",
        "This kind of file is not supported. Accepted are PDF, DOCX, XLSX, CSV, HTML, TXT and MD.",
    ),
    "document-old": (
        "هذه صيغة أوفيس القديمة. احفظ الملف بصيغة DOCX أو XLSX ثم أعد رفعه.",
        "This is the old Office format. Save it as DOCX or XLSX and upload it again.",
    ),
    "document-locked": (
        "الملف محمي بكلمة مرور. أزل الحماية ثم أعد رفعه.",
        "The file is protected by a password. Remove the protection and upload it again.",
    ),
    "document-bomb": (
        "محتوى الملف بعد فك ضغطه أكبر من المسموح.",
        "Unpacked, the file is far larger than is allowed.",
    ),
    "document-too-large": (
        "الملف أكبر من الحجم المسموح. قسّمه إلى ملفات أصغر.",
        "The file is larger than is allowed. Split it into smaller ones.",
    ),
    "document-too-long": (
        "في الملف صفحات أو صفوف أكثر من المسموح. قسّمه إلى ملفات أصغر.",
        "The file has more pages or rows than are allowed. Split it into smaller ones.",
    ),
    "document-too-slow": (
        "استغرقت قراءة الملف وقتًا أطول من اللازم. بسّطه أو قسّمه ثم أعد رفعه.",
        "Reading the file took too long. Simplify or split it and upload it again.",
    ),
    "document-scanned": (
        "صفحات الملف صور ولا نص فيها، ونحن لا نقرأ النص من الصور. ارفع الملف الأصلي الذي طُبعت منه.",
        "The pages are pictures without text, and we read no text from pictures. Upload the original they came from.",
    ),
    "document-empty": ("لا نص في هذا الملف.", "There is no text in this file."),
    "document-missing": ("لا يوجد مستند بهذا المعرّف.", "There is no document of this id."),
    "document-exists": ("يوجد مستند آخر بالمحتوى نفسه.", "Another document has the same content."),
    "document-not-waiting": ("هذا المستند لا ينتظر الموافقة.", "This document is not waiting for approval."),
    "document-busy": (
        "تجري معالجة المستند الآن. انتظر حتى تنتهي ثم أعد المحاولة.",
        "The document is being worked on. Wait until that is done and try again.",
    ),
    "document-no-address": (
        "هذا المستند ملف وليس صفحة، فلا عنوان نجلبه منه. استبدله بملف جديد.",
        "This document is a file and has no address to fetch it from. Replace it by a new file.",
    ),
    "document-failed": (
        "حدث خطأ غير متوقع أثناء المعالجة. أعد المحاولة، وإن تكرر فأبلغ المشغّل.",
        "Something unexpected went wrong. Try again; if it happens again, tell the operator.",
    ),
    "quota-documents": (
        "بلغت الحد الأقصى لعدد المستندات. احذف مستندًا ثم أعد المحاولة.",
        "You have as many documents as are allowed. Remove one and try again.",
    ),
    "quota-bytes": (
        "بلغت الحد الأقصى للمساحة. احذف مستندًا ثم أعد المحاولة.",
        "Your documents take all the room that is allowed. Remove one and try again.",
    ),
    "quota-pages": (
        "بلغت الحد الأقصى لعدد الصفحات. احذف مستندًا ثم أعد المحاولة.",
        "Your documents have as many pages as are allowed. Remove one and try again.",
    ),
    "quota-pieces": (
        "بلغت الحد الأقصى لحجم المعرفة. احذف مستندًا ثم أعد المحاولة.",
        "Your documents hold as much text as is allowed. Remove one and try again.",
    ),
    "blob-missing": (
        "لم يعد الملف الأصلي محفوظًا. ارفعه من جديد.",
        "The original file is no longer kept. Upload it again.",
    ),
    "url-forbidden": ("لا يُسمح بهذا العنوان.", "This address is not allowed."),
    "url-redirects": ("العنوان يحيل إلى عناوين أخرى مرات كثيرة.", "The address leads on to others too many times."),
    "url-status": ("لا توجد صفحة في هذا العنوان.", "There is no page at this address."),
    "url-kind": ("ما في هذا العنوان ليس مستندًا نقرؤه.", "What lies at this address is no document that we read."),
    "url-too-large": ("الصفحة أكبر من الحجم المسموح.", "The page is larger than is allowed."),
    "url-slow": ("لم يُجب الموقع في الوقت المحدد.", "The site did not answer in time."),
    "url-unreachable": ("تعذّر الوصول إلى الموقع.", "The site could not be reached."),
    "url-busy": ("الموقع مشغول. حاول لاحقًا.", "The site is busy. Try again later."),
}


def sentence(code: str, language: Literal["ar", "en"]) -> str:
    """Say what is wrong and what to do; codes that are not ours are named as they are."""
    arabic, english = FAULTS.get(code, (f"تعذّرت المعالجة ({code}).", f"It could not be processed ({code})."))
    return arabic if language == "ar" else english
