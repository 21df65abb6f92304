import { describe, expect, test } from "vitest";
import { TextMeter, textTokens } from "./text-tokens";

/** Natural text in many scripts, with its token counts in o200k_base and cl100k_base, as measured once. */
const MEASURED: readonly (readonly [string, string, number, number])[] = [
  ["Chinese", "水位上升时溢洪道让河水通过以保护大坝和下游的居民。水库管理员每天检查闸门，并把读数写进日志。", 39, 52],
  [
    "traditional Chinese",
    "水位上升時溢洪道讓河水通過，以保護大壩和下游的居民。水庫管理員每天檢查閘門，並把讀數寫進日誌。",
    47,
    68,
  ],
  [
    "Japanese",
    "水位が上がると、余水吐きは川の水を通し、ダムと下流の住民を守ります。管理者は毎日ゲートを点検し、記録を残します。",
    50,
    61,
  ],
  [
    "Korean",
    "수위가 올라가면 여수로는 강물을 흘려보내 댐과 하류 주민을 보호합니다. 관리자는 매일 수문을 점검하고 기록을 남깁니다.",
    45,
    64,
  ],
  [
    "Russian",
    "Когда уровень воды поднимается, водосброс пропускает реку, чтобы защитить плотину и жителей ниже по течению.",
    29,
    52,
  ],
  [
    "Ukrainian",
    "Коли рівень води піднімається, водоскид пропускає річку, щоб захистити греблю та мешканців нижче за течією.",
    39,
    71,
  ],
  [
    "Greek",
    "Όταν η στάθμη του νερού ανεβαίνει, ο υπερχειλιστής αφήνει το ποτάμι να περάσει για να προστατεύσει το φράγμα.",
    39,
    97,
  ],
  ["Arabic", "عندما يرتفع منسوب المياه يسمح المفيض للنهر بالمرور لحماية السد والسكان في أسفل المجرى.", 29, 59],
  ["Hebrew", "כאשר מפלס המים עולה, המגלש מאפשר לנהר לעבור כדי להגן על הסכר ועל התושבים במורד הזרם.", 35, 84],
  ["Persian", "هنگامی که سطح آب بالا می‌رود، سرریز به رودخانه اجازه می‌دهد بگذرد تا از سد و ساکنان محافظت کند.", 33, 69],
  ["Hindi", "जब जल स्तर बढ़ता है, तो स्पिलवे नदी को गुजरने देता है ताकि बांध और नीचे रहने वाले लोगों की रक्षा हो सके।", 30, 109],
  ["Bengali", "যখন জলস্তর বাড়ে, তখন স্পিলওয়ে নদীকে যেতে দেয় যাতে বাঁধ এবং ভাটির বাসিন্দারা সুরক্ষিত থাকে।", 34, 114],
  ["Tamil", "நீர்மட்டம் உயரும்போது, உபரிநீர் வழிந்தோடி அணையையும் கீழே வசிப்பவர்களையும் பாதுகாக்க ஆற்றை கடக்க விடுகிறது.", 38, 150],
  ["Telugu", "నీటి మట్టం పెరిగినప్పుడు, ఆనకట్టను మరియు దిగువ నివాసులను రక్షించడానికి స్పిల్‌వే నదిని దాటనిస్తుంది.", 36, 177],
  ["Thai", "เมื่อระดับน้ำสูงขึ้น ทางระบายน้ำล้นจะปล่อยให้แม่น้ำไหลผ่านเพื่อปกป้องเขื่อนและผู้อยู่อาศัยด้านล่าง", 40, 92],
  [
    "Georgian",
    "როდესაც წყლის დონე იმატებს, წყალსაგდები მდინარეს ატარებს, რათა დაიცვას კაშხალი და მოსახლეობა.",
    34,
    172,
  ],
  ["Amharic", "የውሃው መጠን ሲጨምር የውሃ ማስወገጃው ግድቡንና ነዋሪዎችን ለመጠበቅ ወንዙ እንዲያልፍ ያደርጋል።", 112, 150],
  ["Armenian", "Երբ ջրի մակարդակը բարձրանում է, ջրթողը թույլ է տալիս գետին անցնել՝ պաշտպանելու ամբարտակը։", 29, 165],
  ["Burmese", "ရေမျက်နှာပြင် မြင့်တက်လာသောအခါ ရေပိုလွှဲသည် ဆည်နှင့် အောက်ပိုင်းနေထိုင်သူများကို ကာကွယ်သည်။", 46, 178],
  ["Khmer", "នៅពេលកម្រិតទឹកឡើងខ្ពស់ ទំនប់បង្ហូរទឹកអនុញ្ញាតឱ្យទន្លេឆ្លងកាត់ ដើម្បីការពារទំនប់។", 52, 134],
  ["Vietnamese", "Khi mực nước dâng lên, đập tràn cho dòng sông đi qua để bảo vệ con đập và cư dân ở hạ lưu.", 33, 46],
  [
    "German",
    "Wenn der Wasserstand steigt, lässt der Überlauf den Fluss hindurch, um den Damm und die Bewohner zu schützen.",
    26,
    31,
  ],
  [
    "Polish",
    "Gdy poziom wody się podnosi, przelew przepuszcza rzekę, aby chronić zaporę i mieszkańców poniżej.",
    32,
    40,
  ],
  [
    "Finnish",
    "Kun vedenpinta nousee, tulva-aukko päästää joen läpi suojellakseen patoa ja alajuoksun asukkaita.",
    36,
    41,
  ],
  [
    "English",
    "When the water level rises, the spillway lets the river pass so that the dam and the people below are safe.",
    24,
    24,
  ],
  ["emoji", "🌊🏞️💧🚧👷‍♀️📈🔥✅❌🙂👍🏽🇩🇪", 28, 43],
  ["mathematics", "∀x∈ℝ: x² ≥ 0 ⇒ √(x²) = |x|, ∑_{i=1}^{n} i = n(n+1)/2", 40, 43],
  ["JSON", '{"location":"Paris","unit":"celsius","days":[1,2,3],"nested":{"ok":true,"value":null}}', 28, 28],
];

/** The most that an estimate may be too low by, as a factor, for any measured text in either encoding. */
const UNDER = 2;
const OVER = 3.1;

describe.each(["most", "likely"] as const)("never under by more than twice: %s", (how) => {
  test.each(MEASURED)("%s", (_name, text, o200k, cl100k) => {
    for (const times of [1, 7, 40]) {
      const truth = Math.max(o200k, cl100k) * times;
      expect(textTokens(text.repeat(times), how) * UNDER).toBeGreaterThanOrEqual(truth);
    }
  });
});

test("nor is what is charged far above what the newer encoding makes of it", () => {
  for (const [, text, o200k] of MEASURED) expect(textTokens(text, "likely")).toBeLessThanOrEqual(o200k * OVER);
});

test("letters that are read together weigh what they weigh one by one, in however many goes a text is read", () => {
  const [first, rest] = [0.286, 0.62];
  let word = 0;
  for (let letters = 1; letters <= 70; letters++) {
    word += letters > 32 ? rest : first;
    expect(textTokens("a".repeat(letters), "most")).toBe(Math.min(Math.ceil(Math.max(word, 0.55)), letters));
  }
  for (const [, text] of MEASURED) {
    for (const chars of [1, 3, 33]) {
      const meter = new TextMeter(text, "likely");
      while (!meter.advance(chars));
      expect(meter.tokens).toBe(textTokens(text, "likely"));
    }
  }
});
