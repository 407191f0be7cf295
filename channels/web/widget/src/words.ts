import type { Mode, State } from "./kinds.js";
import { Trouble, type Code } from "./trouble.js";

/** Languages that the component itself speaks. */
export type Tongue = "ar" | "en";

interface Words {
  label: string;
  ready: string;
  readyLive: string;
  recording: string;
  states: Record<Exclude<State, "idle">, string>;
  start: string;
  finish: string;
  end: string;
  stop: string;
  field: string;
  send: string;
  you: string;
  we: string;
  log: string;
  replay: string;
  video: string;
  working: string;
  back: string;
  notices: Record<string, string>;
  troubles: Record<Code, string>;
}

const ARABIC: Words = {
  label: "تحدث إلى المساعد الصوتي",
  ready: "اضغط مطوّلًا وتحدث، أو انقر للبدء",
  readyLive: "انقر وابدأ الحديث",
  recording: "أسجّل الآن، انقر للإرسال",
  states: {
    "asking-permission": "اسمح باستخدام الميكروفون…",
    connecting: "أتصل بالمساعد…",
    listening: "أستمع إليك…",
    hearing: "أسمعك",
    thinking: "لحظة، أفكر…",
    speaking: "أجيبك الآن",
    error: "حدث خطأ",
  },
  start: "تحدث",
  finish: "أرسل التسجيل",
  end: "أنهِ المحادثة",
  stop: "أوقف",
  field: "أو اكتب سؤالك هنا",
  send: "أرسل",
  you: "أنت",
  we: "المساعد",
  log: "المحادثة",
  replay: "استمع مرة أخرى",
  video: "فيديو المساعد وهو يجيب",
  working: "أجهّز الفيديو",
  back: "انقطع الاتصال، أحاول من جديد…",
  notices: { transfer: "أحوّلك الآن إلى أحد زملائنا…", silence: "", end: "انتهت المحادثة" },
  troubles: {
    insecure: "الميكروفون لا يعمل إلا في صفحة آمنة. افتح الصفحة بعنوان يبدأ بـ https، أو اكتب سؤالك.",
    refused: "الميكروفون غير مسموح به. اسمح به من إعدادات الموقع بجانب شريط العنوان ثم حاول مجددًا، أو اكتب سؤالك.",
    "no-microphone": "لم نجد ميكروفونًا. وصّل واحدًا ثم حاول مجددًا، أو اكتب سؤالك.",
    "microphone-busy": "الميكروفون مستخدم في برنامج آخر. أغلقه ثم حاول مجددًا، أو اكتب سؤالك.",
    unsupported: "متصفحك لا يستطيع التسجيل. حدّثه أو استخدم متصفحًا آخر، أو اكتب سؤالك.",
    unreachable: "تعذّر الوصول إلى الخدمة. تحقق من اتصالك بالإنترنت ثم حاول مجددًا.",
    lost: "انقطع الاتصال ولم يعد. تحقق من الإنترنت ثم ابدأ من جديد.",
    "rate-limited": "الطلبات كثيرة الآن. انتظر قليلًا ثم حاول مجددًا.",
    "not-allowed": "هذا الموقع غير مسموح له باستخدام المساعد. على صاحب الموقع إضافة عنوانه إلى المواقع المسموحة.",
    expired: "انتهت صلاحية هذه الصفحة. حدّث الصفحة ثم حاول مجددًا.",
    "too-long": "التسجيل طويل جدًا. حاول بسؤال أقصر.",
    "not-heard": "لم نسمعك جيدًا. اقترب من الميكروفون وحاول مجددًا، أو اكتب سؤالك.",
    slow: "استغرق الرد وقتًا أطول من المعتاد. حاول مجددًا بعد قليل.",
    server: "حدث خطأ عندنا. حاول مجددًا بعد قليل.",
  },
};

const ENGLISH: Words = {
  label: "Talk to the voice assistant",
  ready: "Hold to talk, or tap to start",
  readyLive: "Tap and start talking",
  recording: "Recording, tap to send",
  states: {
    "asking-permission": "Please allow the microphone…",
    connecting: "Connecting…",
    listening: "Listening…",
    hearing: "I can hear you",
    thinking: "Thinking…",
    speaking: "Answering",
    error: "Something went wrong",
  },
  start: "Talk",
  finish: "Send the recording",
  end: "End the conversation",
  stop: "Stop",
  field: "Or write your question here",
  send: "Send",
  you: "You",
  we: "Assistant",
  log: "Conversation",
  replay: "Listen again",
  video: "Video of the assistant answering",
  working: "Making the video",
  back: "The connection was lost, trying again…",
  notices: { transfer: "Connecting you to a colleague…", silence: "", end: "The conversation has ended" },
  troubles: {
    insecure: "The microphone only works on a secure page. Open this page with https, or write your question.",
    refused: "The microphone is not allowed. Allow it in the site settings beside the address bar and try again, or write your question.",
    "no-microphone": "No microphone was found. Connect one and try again, or write your question.",
    "microphone-busy": "Another program is using the microphone. Close it and try again, or write your question.",
    unsupported: "This browser cannot record. Update it or use another one, or write your question.",
    unreachable: "The service cannot be reached. Check your internet connection and try again.",
    lost: "The connection was lost and did not come back. Check your internet connection and start again.",
    "rate-limited": "There are too many requests now. Wait a moment and try again.",
    "not-allowed": "This website may not use the assistant. Its owner has to add its address to the allowed origins.",
    expired: "This page has expired. Reload it and try again.",
    "too-long": "The recording is too long. Try a shorter question.",
    "not-heard": "We could not hear you well. Come closer to the microphone and try again, or write your question.",
    slow: "The answer is taking longer than usual. Try again in a moment.",
    server: "Something went wrong on our side. Try again in a moment.",
  },
};

export const WORDS: Record<Tongue, Words> = { ar: ARABIC, en: ENGLISH };

/** The language of the component: as chosen, else the page's, else the browser's; Arabic where it is neither. */
export function tongueOf(chosen: string | null, page: string, browser: string): Tongue {
  for (const tag of [chosen ?? "", page, browser]) {
    const base = tag.toLowerCase().split("-")[0];
    if (base === "ar" || base === "en") return base;
  }
  return "ar";
}

/** What is written beside the microphone. */
export function stateWords(tongue: Tongue, state: State, mode: Mode): string {
  const words = WORDS[tongue];
  if (state === "idle") return mode === "push" ? words.ready : words.readyLive;
  if (mode === "push" && (state === "listening" || state === "hearing")) return words.recording;
  return words.states[state];
}

/** What the visitor is told about what happens to the conversation; what we have no words for is told as it is. */
export function noticeWords(tongue: Tongue, what: string): string {
  return WORDS[tongue].notices[what] ?? what;
}

/** What the visitor is told about something that went wrong: what to do, in our own words where we have any. */
export function troubleWords(tongue: Tongue, error: unknown): { code: string; message: string } {
  const trouble = error instanceof Trouble ? error : new Trouble("server");
  const troubles: Record<string, string> = WORDS[tongue].troubles;
  return { code: trouble.code, message: troubles[trouble.code] ?? (trouble.said || WORDS[tongue].troubles.server) };
}
