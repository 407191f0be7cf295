"""Words that every business's customers use: which say nothing, and which dialect words mean the same.

All entries are written in the form that `normalise` gives.
"""

from __future__ import annotations

from core_pipeline.arabic.normalise import normalise

_MSA = """هل ما ماذا ماهي ماهو هي هو كيف من الى على في عن او و ثم لا نعم لدى لديكم لدينا لديك عندكم عندك عند
يوجد توجد يمكن يمكنني يمكنك يمكننا ممكن ان مع هذا هذه ذلك التي الذي كل بعد قبل خلال بين غير لي لك له لها لكم لنا نحن
انا انت انتم يا اريد نريد اود ارغب احتاج نحتاج استطيع اقدر اعرف معرفة اسأل سؤال اخبرني اخبروني من فضلك فضلكم
رجاء لو سمحت سمحتم اذا كان كانت يكون تكون هناك ايضا فقط جدا قد سوف اي اية بها به فيها بكم ضمن لديهم تقدمون تقدم لديها
الان حاليا نفس شيء شي خاص خاصة فى مثلا يعني بخصوص بالنسبة عندي معي انكم لماذا ليش حالا فورا بالضبط بالظبط بالتحديد صار مكان تقبلون ستكون اود ان لقد هناك اريدكم تكرمتم غدا اليوم بكره بكرة باجر امس"""
_EGYPTIAN = """ايه ازاي ازاى عايز عايزة عاوز عاوزة عايزين عاوزين علشان عشان اللي مش بتاع بتاعي بتاعكم بتاعتكم فيه فيها
في ينفع اقدر نقدر لسه كده دي ده دا دول انتو انتوا احنا حضرتك حضراتكم بقى طب طيب بس كمان اهو ولا وله حاجة معاكم معايا
هو انا بليز يعني طلعت عايزه عاوزه نفسي محتاج محتاجة هنا النهاردة انهارده دلوقتي قولي قولولي تقولي بيبقى بتبقى عندكوا عندكو
ليكم ليكو بتاعكو بتاعة بتاعتكو"""
_GULF = """وش ايش شو شنو شنهو اش ابغى ابغي ابي نبي نبغى الحين حق حقكم شلون كيفكم تبون عندكن ودي ودنا تقدرون اقدر زين يبا
ترى وايد مرة الحين هالحين فديتك طال عمرك لاهنت لاهنتم ياخوي اخوي خوي اختي عيني عطني عطوني فيكم ابا مب مو موب
خلاص يصير تصير معاكم علمني علموني"""
# Who comes, when and in what manner: customers add it freely, and no answer turns on it.
_CIRCUMSTANCE = """صباح صباحا مساء مسا ليل ليلا ليلة الليلة بالليل الصبح ظهر ظهرا عصر مغرب عشية نهار ابواب ابوابه ابوابكم زبون زبائن عميل
عملاء صديق اصدقاء صديقي اصدقائي صديقتي زوجتي زوجي ابني ابنتي بنتي ولدي امي ابي والدي والدتي اخي اختي اهلي
مراتي جوزي بابا ماما صحابي ربعي اتناول نتناول تناول استقبل تستقبلون تستقبلوا نزور ازور زيارة زيارتكم اتقدم اقدم نقدم اعمل نعمل
تسوي نسوي تسوون تعملوا بتعملوا عامل عاملين حاب حابب حابة حابين بدي بدنا اتمنى نتمنى متاح متاحة متوفر متوفرة متوفرين موجود موجودة
ياريت يا ريت تكرما اجازة عطلة خلص خلاص اكيد طبعا حقيقة فعلا كثير كثيرا كتير اوي قوي شوية قليلا سريع بسرعة
جزاكم الله خير بارك فيكم حبيت حبينا اخبار كلمني ردوا عليا برضو برضه كده كدا فاضي فاضية تبلغ يبلغ يبقى تبقى افضل نفضل تفضلون حاجات اشياء امور كيلو صنف انواع نوع الزبائن"""
_ENGLISH = """a an the is are was were be been am do does did i i'm im my me you your yours u ur we our us it its it's to of in on at
for and or can could would will shall should may might how what which who whom with from there their them they this that these
those have has had get got serve serves serving offer provide see say send any some please pls plz hi hello hey if so just also about want like know tell let id ill i'd
whats what's s t m d ll re ve not no yes give let's would've then than as by into up out here really exactly anything something everything thing things one ones tonight today tomorrow morning evening
afternoon night near nearby anywhere somewhere around friend friends wife husband mother father brother sister myself us
go going take taking bring make do thing things ok okay sure possible available maybe isn't don't doesn't
isnt dont doesnt i've you're we're they're it'll hold hear heard wondering wonder question ask info information"""

_SAME = {
    "اين": "فين وين فينكم وينكم فينكوا اينكم فينك وينك",
    "متى": "امتى ايمتى امته امتا متا",
    "ساعة": "مواعيد ميعاد معاد معادكم مواعيدكم ميعادكم دوام دوامكم ساعات الساعات توقيت وقت اوقات ساعاتكم اوقاتكم",
    "عمل": "شغل شغالين شغلكم تشتغلون بتشتغلوا تعملون تشتغلوا شغال يعمل تعمل",
    "سعر": "بكام كام بكم كم تمن ثمن تكلفة تكلف يكلف بيكلف اسعار اسعاركم الاسعار قيمة يتكلف هتكلف تسعيرة بقد",
    "فتح": "مفتوح مفتوحين فاتح فاتحين تفتحون تفتحوا بتفتحوا يفتح تفتح بيفتح بتفتح نفتح مفتوحة فاتحه هتفتحوا بتفتحو تفتحو",
    "غلق": "مغلق مقفول قافلين تقفلون بتقفلوا يقفل بيقفل تقفلوا تسكرون يسكر مسكر مسكرين قفل يغلق تغلقون تغلق اغلاق بتقفلو",
    "توصيل": "دليفري ديليفري توصلون بتوصلوا توصلوا بتوصلو يوصل توصيله التوصيله تواصيل ديلفري بتوصل توصل هتوصلوا توصلو دلفري",
    "وصول": "اصل اوصل نوصل وصولي الوصول اجي نيجي اروح",
    "طلب": "اوردر الاوردر طلبية طلبيتي اطلب نطلب طلبي طلبنا اوردرات طلبات اوردري",
    "حجز": "احجز نحجز حجوزات الحجوزات حجزي يحجز تحجز بحجز احجزلي الحجوز تحجزون",
    "طاولة": "ترابيزة تربيزة طربيزة ترابيزات طاولات طاوله طربيزه",
    "دفع": "ادفع ندفع الدفع تدفع اسدد سداد بدفع الحساب",
    "بطاقة": "فيزا بطاقات كارت الكارت فيزه كريديت ماستركارد كارد",
    "نقد": "كاش نقدا نقدي فلوس نقود فلوسي",
    "طعام": "اكل الاكل وجبات وجبة اكلات اطعمة اكلكم طعامكم",
    "قائمة": "منيو المنيو القائمة قوائم اللستة",
    "عنوان": "العنوان عنوانكم مكانكم موقع موقعكم لوكيشن اللوكيشن مقر",
    "طفل": "اطفال اولاد عيال صغار ولاد عيالي اولادي ولادي اطفالي بزران البزران الاطفال العيال بيبي طفلي",
    "سيارة": "عربية عربيه عربيتي سيارتي سياره عربيات سيارات سيارتنا موتر",
    "موقف": "باركينج جراج ركن اركن مواقف باركنج نركن اوقف نوقف ركنه موقفكم",
    "عائلة": "عائلات عوائل عائلي عائلية عيلة عائلتي اسرة اسر عيله العيله عوايل",
    "شخص": "اشخاص افراد فرد نفر انفار شخصين ناس",
    "نباتي": "نباتية نباتيين صيامي فيجن نباتيه فيجان",
    "انترنت": "نت النت واي فاي وايفاي ويفي واى wifi internet الوايفاي",
    "جمعة": "الجمعه",
    "مدير": "مسؤول مديركم المدير مسوول",
    "موظف": "بشري انسان موظفين",
    "مفقود": "نسيت ضيعت ضاع فقدت ضاعت نسينا مفقودات نسيتها",
    "حساسية": "حساسيه تحسس",
    "خصم": "خصومات تخفيض تخفيضات عروض عرض اوفر العروض",
    "فرع": "فروع فروعكم فرعكم",
    "حفلة": "حفلات حفل حفله مناسبة مناسبات حفلتي",
    "ميلاد": "عيدميلاد ميلادي",
    "مشروب": "مشروبات عصير عصائر عصاير",
    "حلوى": "حلويات حلو تحلية الحلو حلا",
    "فطور": "افطار فطار الفطار",
    "رصيد": "ارصدة",
    "جلسة": "نقعد قعدة جلوس جلسات نجلس القعدة قعده الجلوس",
    "رسوم": "اجرة رسم مصاريف رسوما",
    "بيت": "منزل منزلي المنزل بيتي شقتي دار",
    "تجهيز": "تجهزون تجهزوا نجهز يجهز تجهزو بتجهزوا",
    "خطا": "غلط خاطي خاطيا خطأ خاطئ خاطئا غلطان",
    "استرجاع": "استرداد استرجع ترجع رجعوا ترجيع ارجاع ارجع رجعولي",
    "الغاء": "الغي كنسل اكنسل الغى نلغي الغيه اكنسله",
    "تاخر": "متاخر اتأخر تأخير متاخره اتاخر اتاخرت متأخر تاخير",
    "دجاج": "فراخ فرخة فرخه دجاجة دجاجه فروج فراخكم",
    "جمبري": "روبيان ربيان قريدس",
    "شكوى": "اشتكي اشكي شكاوي الشكوى شكوه شكاية اشتكى",
    "وظيفة": "وظائف توظيف توظفون شغلانة وظايف تعيين اشتغل نشتغل",
    "حقيبة": "شنطة شنطتي حقيبتي محفظة محفظتي شنطه",
    "هاتف": "تليفون جوال موبايل جوالكم تليفونكم موبايلي جوالي هاتفي هاتفكم تلفون",
    "ضروري": "لازم ضرورية يلزم يجب ضرورى",
    "necessary احد اثنين ثلاثاء اربعاء حد اتنين تلات اربع monday tuesday wednesday sunday": "need needed must required require",
    "price": "cost costs much prices pricing fee fees charge charges expensive rate",
    "hour": "hours time times timing timings schedule",
    "delivery": "deliver delivers delivered delivering",
    "book": "reserve reservation reservations booking bookings booked reserved",
    "location": "located address directions",
    "kid": "kids child children baby toddler toddlers son daughter babies",
    "pay": "payment payments paying paid",
    "card": "visa mastercard credit debit cards",
    "park": "parking garage car valet",
    "wifi": "wi-fi internet wireless",
    "vegetarian": "vegan veggie vegetarians plant-based meatless",
    "allergy": "allergies allergic allergen allergens",
    "family": "families",
    "person": "people persons guests guest",
    "branch": "branches",
    "job": "jobs hiring vacancies vacancy apply work career careers",
    "lost": "forgot left lose missing forgotten",
    "complaint": "complain complaints problem unhappy",
    "discount": "discounts offers deal deals promotion promotions promo",
    "open": "opens opening opened",
    "close": "closes closing closed",
    "human": "agent representative staff someone somebody",
    "takeaway": "takeout pickup take-away take-out collect",
    "dessert": "desserts sweets sweet",
    "cancel": "cancellation cancelling canceling cancelled",
}
_CUES = "اين متى سعر ساعة ضروري when where price hour necessary"

STOP_WORDS = frozenset(normalise(" ".join((_MSA, _EGYPTIAN, _GULF, _CIRCUMSTANCE, _ENGLISH))).split())
SAME_WORD = {
    form: normalise(head) for head, forms in _SAME.items() for form in (*normalise(forms).split(), normalise(head))
}
CUE_WORDS = frozenset(normalise(_CUES).split())
