//! How frameworks and providers serialize JSON, and how to get the raw bytes in
//! each framework.

use std::borrow::Cow;

use super::fix::RAW;
use super::json::{Escapes, Gaps, Style};

/// The JSON style of one serializer.
pub(super) struct Habit {
    /// The name of the serializer; completes "the body is …".
    pub(super) name: &'static str,
    pub(super) style: Style,
    /// How to get the raw bytes in that framework.
    pub(super) mend: &'static str,
}

/// The common serializers first: a body that several would write alike is
/// attributed to the first.
pub(super) const HABITS: &[Habit] = &[
    Habit {
        name: "compact, as `JSON.stringify(req.body)` (Express) and most libraries write it",
        style: COMPACT,
        mend: "verify the raw bytes: in Express, use `express.raw({ type: '*/*' })` on this route, \
               before `express.json()`",
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
        style: Style { escapes: Escapes { marks: Cow::Borrowed(HTML), ..NONE }, ..COMPACT },
        mend: "verify the raw bytes: in Rails, `request.raw_post`; in Go, the result of \
               `io.ReadAll(r.Body)`",
    },
    Habit {
        name: "as Java's Gson writes it, with `\\u003d` and `\\u0027`",
        style: Style { escapes: Escapes { marks: Cow::Borrowed(GSON), ..NONE }, ..COMPACT },
        mend: "verify the raw bytes: in Spring, `@RequestBody byte[]`",
    },
    Habit {
        name: "as .NET's `System.Text.Json` writes it, with `\\u00E9` and `\\u0022`",
        style: Style {
            escapes: Escapes {
                upper: true,
                upper_marks: true,
                marks: Cow::Borrowed(DOT_NET),
                ..FOREIGN
            },
            ..COMPACT
        },
        mend: "verify the raw bytes: in ASP.NET Core, read `Request.Body` before it is bound",
    },
    Habit {
        name: "compact with the numbers of JavaScript, which writes `1` for `1.0`",
        style: Style { plain_numbers: true, ..COMPACT },
        mend: "verify the raw bytes: in Express, use `express.raw({ type: '*/*' })` on this route, \
               before `express.json()`",
    },
    Habit {
        name: "as Shopify writes it, with `\\/`, `\\u003c`, `\\u003e` and `\\u0026`",
        style: Style {
            escapes: Escapes { slash: true, marks: Cow::Borrowed(HTML), ..NONE },
            ..COMPACT
        },
        mend: RAW,
    },
    Habit {
        name: "as Meta writes it, with `\\/`, `\\u003c`, `\\u0025`, `\\u0040` and everything outside ASCII escaped",
        style: Style {
            escapes: Escapes { slash: true, marks: Cow::Borrowed(META), ..FOREIGN },
            ..COMPACT
        },
        mend: RAW,
    },
    Habit {
        name: "as Java's Jackson writes it, with `\\uD83D\\uDE00` for characters beyond U+FFFF",
        style: Style { escapes: Escapes { astral: true, upper: true, ..NONE }, ..COMPACT },
        mend: "verify the raw bytes: in Spring, `@RequestBody byte[]`",
    },
    Habit {
        name: "as PHP's `json_encode` with JSON_HEX_TAG, JSON_HEX_AMP, JSON_HEX_APOS and JSON_HEX_QUOT writes it",
        style: Style {
            escapes: Escapes {
                slash: true,
                upper_marks: true,
                marks: Cow::Borrowed(PHP_HEX),
                ..FOREIGN
            },
            ..COMPACT
        },
        mend: PHP,
    },
    Habit {
        name: "as SendGrid writes it, with a line for each event",
        style: Style { between: "\r\n", end: "\r\n", ..COMPACT },
        mend: RAW,
    },
    Habit {
        name: "as SendGrid writes it, with a line for each event, and with `\\u003c`, `\\u003e` and `\\u0026`",
        style: Style {
            between: "\r\n",
            end: "\r\n",
            escapes: Escapes { marks: Cow::Borrowed(HTML), ..NONE },
            ..COMPACT
        },
        mend: RAW,
    },
    Habit {
        name: "as Xero writes it, with spaces in some places",
        style: Style { gaps: XERO, ..COMPACT },
        mend: RAW,
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
    Habit {
        name: "indented as Java's Jackson does it, with ` : ` and its lists on one line",
        style: Style { colon: " : ", indent: "  ", padding: " ", inline_lists: true, ..LINES },
        mend: PRETTY,
    },
    Habit {
        name: "on one line with spaces inside its brackets",
        style: Style { padding: " ", ..SPACED },
        mend: RAW,
    },
    Habit { name: "indented by tabs", style: Style { indent: "\t", ..LINES }, mend: PRETTY },
    Habit {
        name: "indented by tabs with `\\u` escapes, as Python's `json.dumps(x, indent='\\t')` writes it",
        style: Style { indent: "\t", escapes: FOREIGN, ..LINES },
        mend: PRETTY,
    },
    Habit {
        name: "indented by two spaces with `\\u003c`, `\\u003e` and `\\u0026`, as Go's `json.MarshalIndent` writes it",
        style: Style {
            indent: "  ",
            escapes: Escapes { marks: Cow::Borrowed(HTML), ..NONE },
            ..LINES
        },
        mend: PRETTY,
    },
    Habit {
        name: "indented by two spaces, as .NET's `System.Text.Json` writes it, with `\\u00E9` and `\\u0022`",
        style: Style {
            indent: "  ",
            escapes: Escapes {
                upper: true,
                upper_marks: true,
                marks: Cow::Borrowed(DOT_NET),
                ..FOREIGN
            },
            ..LINES
        },
        mend: PRETTY,
    },
];

pub(super) const COMPACT: Style = Style {
    comma: ",",
    colon: ":",
    indent: "",
    padding: "",
    inline_lists: false,
    between: "",
    end: "",
    gaps: Gaps::NONE,
    escapes: NONE,
    plain_numbers: false,
};
pub(super) const SPACED: Style = Style { comma: ", ", colon: ": ", ..COMPACT };
pub(super) const LINES: Style = Style { colon: ": ", ..COMPACT };

const NONE: Escapes = Escapes {
    slash: false,
    foreign: false,
    astral: false,
    upper: false,
    marks: Cow::Borrowed(&[]),
    upper_marks: false,
    short: true,
};
const FOREIGN: Escapes = Escapes { foreign: true, astral: true, ..NONE };
const HTML: &[char] = &['<', '>', '&', '\u{2028}', '\u{2029}'];
const GSON: &[char] = &['<', '>', '&', '=', '\'', '\u{2028}', '\u{2029}'];
const DOT_NET: &[char] = &['"', '&', '\'', '+', '<', '>', '`', '\u{7f}'];
const META: &[char] = &['<', '%', '@'];
const PHP_HEX: &[char] = &['<', '>', '&', '\'', '"'];
/// `{"events":[],"firstEventSequence": 0,"lastEventSequence": 0, "entropy": "…"}`
const XERO: Gaps = Gaps(0b111_0100);

const PYTHON: &str = "verify the raw bytes: `request.get_data()` in Flask, `request.body` in Django, \
                      `await request.body()` in FastAPI";
const PHP: &str = "verify the raw bytes: `file_get_contents('php://input')`, or in Laravel \
                   `$request->getContent()`";
const PRETTY: &str = "verify the raw bytes: the log, the tool or the editor that this body was copied \
                      from has reformatted it";
