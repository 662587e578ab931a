"""The emoji that pages write by name, as `:bulb:`; every other name stays the text it is."""

from collections.abc import Mapping

# fmt: off
EMOJI: Mapping[str, str] = {
    "smile": "😄", "smiley": "😃", "grinning": "😀", "wink": "😉", "thinking": "🤔", "heart": "❤️",
    "star": "⭐", "sparkles": "✨", "fire": "🔥", "rocket": "🚀", "tada": "🎉", "bulb": "💡",
    "warning": "⚠️", "x": "❌", "o": "⭕", "white_check_mark": "✅", "heavy_check_mark": "✔️",
    "ballot_box_with_check": "☑️", "question": "❓", "exclamation": "❗", "information_source": "ℹ️",
    "no_entry": "⛔", "no_entry_sign": "🚫", "stop_sign": "🛑", "lock": "🔒", "unlock": "🔓", "key": "🔑",
    "house": "🏠", "office": "🏢", "globe_with_meridians": "🌐", "earth_africa": "🌍",
    "earth_americas": "🌎", "earth_asia": "🌏", "link": "🔗", "email": "✉️", "envelope": "✉️",
    "incoming_envelope": "📨", "mailbox": "📫", "inbox_tray": "📥", "outbox_tray": "📤", "bell": "🔔",
    "mega": "📣", "loudspeaker": "📢", "speech_balloon": "💬", "phone": "☎️", "telephone": "☎️",
    "calendar": "📆", "date": "📅", "clock": "🕰️", "hourglass": "⌛", "stopwatch": "⏱️",
    "bar_chart": "📊", "chart_with_upwards_trend": "📈", "chart_with_downwards_trend": "📉",
    "clipboard": "📋", "memo": "📝", "pencil": "📝", "pencil2": "✏️", "bookmark": "🔖", "books": "📚",
    "book": "📖", "page_facing_up": "📄", "file_folder": "📁", "open_file_folder": "📂",
    "paperclip": "📎", "pushpin": "📌", "round_pushpin": "📍", "package": "📦", "gift": "🎁",
    "moneybag": "💰", "dollar": "💵", "credit_card": "💳", "shopping_cart": "🛒", "gear": "⚙️",
    "wrench": "🔧", "hammer": "🔨", "hammer_and_wrench": "🛠️", "tools": "🛠️", "toolbox": "🧰",
    "bug": "🐛", "mag": "🔍", "computer": "💻", "desktop_computer": "🖥️", "iphone": "📱",
    "floppy_disk": "💾", "cloud": "☁️", "zap": "⚡", "recycle": "♻️", "arrow_up": "⬆️",
    "arrow_down": "⬇️", "arrow_left": "⬅️", "arrow_right": "➡️", "arrows_counterclockwise": "🔄",
    "heavy_plus_sign": "➕", "heavy_minus_sign": "➖", "one": "1️⃣", "two": "2️⃣", "three": "3️⃣",
    "four": "4️⃣", "five": "5️⃣", "six": "6️⃣", "seven": "7️⃣", "eight": "8️⃣", "nine": "9️⃣",
    "zero": "0️⃣", "red_circle": "🔴", "large_blue_circle": "🔵", "green_circle": "🟢",
    "yellow_circle": "🟡", "white_circle": "⚪", "black_circle": "⚫", "+1": "👍", "-1": "👎",
    "thumbsup": "👍", "thumbsdown": "👎", "wave": "👋", "clap": "👏", "pray": "🙏", "raised_hands": "🙌",
    "muscle": "💪", "point_right": "👉", "point_left": "👈", "point_up": "☝️", "point_down": "👇",
    "eyes": "👀", "busts_in_silhouette": "👥", "bust_in_silhouette": "👤", "robot": "🤖",
    "construction": "🚧", "checkered_flag": "🏁", "triangular_flag_on_post": "🚩", "trophy": "🏆",
    "dart": "🎯", "art": "🎨", "camera": "📷", "video_camera": "📹", "movie_camera": "🎥",
    "seedling": "🌱", "sunny": "☀️", "crescent_moon": "🌙", "coffee": "☕", "new": "🆕", "soon": "🔜",
    "ok": "🆗", "copyright": "©️", "tm": "™️", "100": "💯",
}
# fmt: on
