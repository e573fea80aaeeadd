//! How frameworks write JSON, and how their users get at the raw bytes.

/// One way of writing JSON.
pub(super) struct Habit {
    /// Whose it is; completes "the body is …".
    pub(super) name: &'static str,
    pub(super) style: Style,
    /// How to get at the raw bytes there.
    pub(super) mend: &'static str,
}

pub(super) struct Style {
    pub(super) comma: &'static str,
    pub(super) colon: &'static str,
    /// Of one level; empty where all stands on one line.
    pub(super) indent: &'static str,
    pub(super) escapes: Escapes,
    /// Whether `1.0` is written `1`.
    pub(super) plain_numbers: bool,
}

pub(super) struct Escapes {
    pub(super) slash: bool,
    /// Everything that is not ASCII.
    pub(super) foreign: bool,
    /// The digits of `\u`.
    pub(super) upper: bool,
    /// What else is written as `\u`.
    pub(super) marks: &'static [char],
}

/// The common ones first: a body that several would write alike is put down to
/// the first.
pub(super) const HABITS: &[Habit] = &[
    Habit {
        name: "compact, as `JSON.stringify(req.body)` (Express) and most libraries write it",
        style: COMPACT,
        mend: "verify the raw bytes: in Express, `express.raw({ type: '*/*' })` on this route, in \
               front of `express.json()`",
    },
    Habit {
        name: "as Python's `json.dumps(x)` writes it, with spaces and `\\u` escapes",
        style: Style { escapes: FOREIGN, ..SPACED },
        mend: PYTHON,
    },
    Habit {
        name: "as Python's `json.dumps(x, ensure_ascii=False)` and PostgreSQL's `jsonb` write it, with spaces",
        style: SPACED,
        mend: PYTHON,
    },
    Habit {
        name: "compact with `\\u` escapes, as Python's `json.dumps(x, separators=(',', ':'))` and \
               PHP's `json_encode` with JSON_UNESCAPED_SLASHES write it",
        style: Style { escapes: FOREIGN, ..COMPACT },
        mend: PYTHON,
    },
    Habit {
        name: "as PHP's `json_encode(x)` writes it, with `\\/` and `\\u` escapes",
        style: Style { escapes: Escapes { slash: true, ..FOREIGN }, ..COMPACT },
        mend: PHP,
    },
    Habit {
        name: "as PHP's `json_encode` with JSON_UNESCAPED_UNICODE writes it, with `\\/`",
        style: Style { escapes: Escapes { slash: true, ..NONE }, ..COMPACT },
        mend: PHP,
    },
    Habit {
        name: "as Rails' `to_json` and Go's `json.Marshal` write it, with `\\u003c`, `\\u003e` and `\\u0026`",
        style: Style { escapes: Escapes { marks: HTML, ..NONE }, ..COMPACT },
        mend: "verify the raw bytes: in Rails, `request.raw_post`; in Go, what `io.ReadAll(r.Body)` \
               gives",
    },
    Habit {
        name: "as Java's Gson writes it, with `\\u003d` and `\\u0027`",
        style: Style { escapes: Escapes { marks: GSON, ..NONE }, ..COMPACT },
        mend: "verify the raw bytes: in Spring, `@RequestBody byte[]`",
    },
    Habit {
        name: "as .NET's `System.Text.Json` writes it, with `\\u00E9` and `\\u0022`",
        style: Style { escapes: Escapes { upper: true, marks: DOT_NET, ..FOREIGN }, ..COMPACT },
        mend: "verify the raw bytes: in ASP.NET Core, read `Request.Body` before it is bound",
    },
    Habit {
        name: "compact with the numbers of JavaScript, where `1.0` is `1`",
        style: Style { plain_numbers: true, ..COMPACT },
        mend: "verify the raw bytes: in Express, `express.raw({ type: '*/*' })` on this route, in \
               front of `express.json()`",
    },
    Habit {
        name: "indented by two spaces, as `JSON.stringify(x, null, 2)` writes it",
        style: Style { indent: "  ", ..LINES },
        mend: PRETTY,
    },
    Habit {
        name: "indented by four spaces",
        style: Style { indent: "    ", ..LINES },
        mend: PRETTY,
    },
    Habit {
        name: "indented by two spaces with `\\u` escapes, as Python's `json.dumps(x, indent=2)` writes it",
        style: Style { indent: "  ", escapes: FOREIGN, ..LINES },
        mend: PRETTY,
    },
    Habit {
        name: "indented by four spaces with `\\u` escapes, as Python's `json.dumps(x, indent=4)` writes it",
        style: Style { indent: "    ", escapes: FOREIGN, ..LINES },
        mend: PRETTY,
    },
    Habit {
        name: "indented by four spaces with `\\/`, as PHP's JSON_PRETTY_PRINT writes it",
        style: Style { indent: "    ", escapes: Escapes { slash: true, ..FOREIGN }, ..LINES },
        mend: PHP,
    },
    Habit { name: "indented by tabs", style: Style { indent: "\t", ..LINES }, mend: PRETTY },
];

const COMPACT: Style =
    Style { comma: ",", colon: ":", indent: "", escapes: NONE, plain_numbers: false };
const SPACED: Style = Style { comma: ", ", colon: ": ", ..COMPACT };
const LINES: Style = Style { colon: ": ", ..COMPACT };

const NONE: Escapes = Escapes { slash: false, foreign: false, upper: false, marks: &[] };
const FOREIGN: Escapes = Escapes { foreign: true, ..NONE };
const HTML: &[char] = &['<', '>', '&', '\u{2028}', '\u{2029}'];
const GSON: &[char] = &['<', '>', '&', '=', '\'', '\u{2028}', '\u{2029}'];
const DOT_NET: &[char] = &['"', '&', '\'', '+', '<', '>', '`', '\u{7f}'];

const PYTHON: &str = "verify the raw bytes: `request.get_data()` in Flask, `request.body` in Django, \
                      `await request.body()` in FastAPI";
const PHP: &str = "verify the raw bytes: `file_get_contents('php://input')`, or in Laravel \
                   `$request->getContent()`";
const PRETTY: &str = "verify the raw bytes; the log, the tool or the editor that this body was copied \
                      from has formatted it";
