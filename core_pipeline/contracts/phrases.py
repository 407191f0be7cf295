"""The ready words of a bot whose tenant has not chosen its own: by name, then by language."""

READY = {
    "greeting": {"ar": "أهلا وسهلا بكم، كيف يمكنني مساعدتكم؟", "en": "Welcome, how can I help you?"},
    "thanks": {"ar": "العفو، يسعدنا أن نخدمكم دائما.", "en": "You are welcome, happy to help."},
    "goodbye": {"ar": "مع السلامة، يسعدنا تواصلكم معنا.", "en": "Goodbye, thank you for contacting us."},
    "unknown": {"ar": "عذرا، ليست عندي هذه المعلومة.", "en": "Sorry, I do not have that information."},
    "repeat": {
        "ar": "عذرًا، لم أفهم السؤال. من فضلك أعد السؤال أو اكتبه.",
        "en": "Sorry, I did not catch the question. Please repeat it or write it.",
    },
    "please_write": {
        "ar": "عذرًا، لم نتمكن من سماع رسالتك. من فضلك اكتب سؤالك.",
        "en": "Sorry, we couldn't hear your message. Please write your question.",
    },
    "unsupported": {
        "ar": "شكرًا لك. أستطيع أن أسمع الرسائل الصوتية وأقرأ النصوص فقط. كيف أساعدك؟",
        "en": "Thank you. I can only listen to voice notes and read text. How can I help you?",
    },
    "reset": {"ar": "بدأنا من جديد. كيف أساعدك؟", "en": "We have started over. How can I help you?"},
    "forgotten": {"ar": "حذفت ما كنت أتذكره عنك.", "en": "I have deleted what I remembered about you."},
    "may_remember": {
        "ar": "هل تسمح لي أن أتذكر اسمك في المرات القادمة؟",
        "en": "May I remember your name for next time?",
    },
    "remembered": {"ar": "شكرا، سأتذكر ذلك. كيف أساعدك؟", "en": "Thank you, I will remember that. How can I help you?"},
    "not_remembered": {
        "ar": "حسنا، لن أحفظ ذلك. كيف أساعدك؟",
        "en": "All right, I won't keep that. How can I help you?",
    },
    "handed": {
        "ar": "سجلت طلبك أن يرد عليك أحد من الفريق، وسيقرؤون هذه المحادثة.",
        "en": "I have noted that you want a person of our team to answer; they will read this conversation.",
    },
    "closed_note": {
        "ar": "نحن مغلقون الآن. {hours_today}",
        "en": "We are closed at the moment. {hours_today}",
    },
    "fallback": {
        "ar": "عذرًا، حدث خلل عندنا ولم نتمكن من الرد الآن. سنعود إليك قريبًا.",
        "en": "Sorry, something went wrong on our side and we can't answer right now. We'll get back to you soon.",
    },
    "video_soon": {
        "ar": "نسجل لك الرد بالفيديو، سيصلك بعد لحظات.",
        "en": "We are recording your answer as a video; it will be with you in a moment.",
    },
    "moment": {"ar": "لحظة من فضلك.", "en": "One moment, please."},
    "still_there": {"ar": "هل ما زلت معي؟", "en": "Are you still there?"},
    "silence_over": {
        "ar": "لم أعد أسمعك. سأنهي المكالمة الآن، مع السلامة.",
        "en": "I can't hear you any more. I will end the call now. Goodbye.",
    },
    "time_over": {
        "ar": "انتهى وقت المكالمة. يسعدنا أن تتصل بنا مرة أخرى، مع السلامة.",
        "en": "The time of this call is up. Please call us again. Goodbye.",
    },
    "recorded": {"ar": "هذه المكالمة مسجلة.", "en": "This call is recorded."},
    "transferring": {"ar": "سأحولك الآن إلى أحد من الفريق.", "en": "I will put you through to our team now."},
    "no_person": {
        "ar": "لا يوجد أحد من الفريق الآن. سجلت طلبك وسيتصلون بك.",
        "en": "Nobody of our team is available now. I have noted that they call you back.",
    },
    "leave_message": {
        "ar": "من فضلك اترك رسالتك بعد الصفارة وسنرد عليك.",
        "en": "Please leave a message after the tone and we will get back to you.",
    },
    "away": {"ar": "مساعدنا الآلي لا يستطيع الرد الآن.", "en": "Our automated assistant can't answer right now."},
    "with_colleague": {
        "ar": "أحد أفراد فريقنا يتابع محادثتك.",
        "en": "One of our team is looking after your conversation.",
    },
    "say_message": {
        "ar": "من فضلك قل رسالتك الآن، وسيسمعها فريقنا ويرد عليك.",
        "en": "Please say your message now; our team will hear it and get back to you.",
    },
    "message_kept": {
        "ar": "شكرا، سجلت رسالتك. يمكنك أن تضيف إليها، أو تنهي المكالمة.",
        "en": "Thank you, I have kept your message. You can add to it, or hang up.",
    },
    "lines_busy": {"ar": "كل الخطوط مشغولة الآن.", "en": "All our lines are busy at the moment."},
    "closed": {"ar": "نحن مغلقون الآن.", "en": "We are closed at the moment."},
    "not_heard": {
        "ar": "عذرا، لم أسمعك جيدا. هل يمكنك أن تعيد؟",
        "en": "Sorry, I did not hear you well. Could you say that again?",
    },
    "trouble": {
        "ar": "عذرا، حدث خلل عندنا. من فضلك أعد سؤالك.",
        "en": "Sorry, something went wrong on our side. Please ask again.",
    },
    "call_broke_off": {
        "ar": "انقطعت مكالمتنا. يمكنك أن تكمل معنا هنا، أو تتصل بنا مرة أخرى.",
        "en": "Our call broke off. You can go on here, or call us again.",
    },
    "call_missed": {
        "ar": "لم نتمكن من الرد على مكالمتك. كيف نساعدك؟",
        "en": "We could not take your call. How can we help you?",
    },
    "call_again": {"ar": "للاتصال بنا:", "en": "Call us:"},
    "disclosure": {"ar": "هذا رد آلي بصوت مولد.", "en": "This is an automated reply in a generated voice."},
}
