//! How frameworks and providers serialize JSON, and how to get the raw bytes in
//! each framework.

use std::borrow::Cow;

use super::fix::RAW;
use super::json::{Escapes, Gaps, Style};

/// The JSON style of one serializer.
pub(super) struct Quirk {
    /// The name of the serializer; completes "the body is …".
    pub(super) name: &'static str,
    pub(super) style: Style,
    /// How to get the raw bytes in that framework.
    pub(super) fix: &'static str,
}

/// The common serializers first: a body that several would write alike is
/// attributed to the first.
pub(super) const QUIRKS: &[Quirk] = &[
    Quirk {
        name: "compact, as `JSON.stringify(req.body)` (Express) and most libraries write it",
        style: COMPACT,
        fix: "verify the raw bytes: in Express, use `express.raw({ type: '*/*' })` on this route, \
               before `express.json()`",
    },
    Quirk {
        name: "as Python's `json.dumps(x)` writes it, with spaces and `\\u` escapes",
        style: Style { escapes: FOREIGN, ..SPACED },
        fix: PYTHON,
    },
    Quirk {
        name: "as Python's `json.dumps(x, ensure_ascii=False)` and PostgreSQL's `jsonb` write it, with spaces",
        style: SPACED,
        fix: PYTHON,
    },
    Quirk {
        name: "compact with `\\u` escapes, as Python's `json.dumps(x, separators=(',', ':'))` and \
               PHP's `json_encode` with JSON_UNESCAPED_SLASHES write it",
        style: Style { escapes: FOREIGN, ..COMPACT },
        fix: PYTHON,
    },
    Quirk {
        name: "as PHP's `json_encode(x)` writes it, with `\\/` and `\\u` escapes",
        style: Style { escapes: Escapes { slash: true, ..FOREIGN }, ..COMPACT },
        fix: PHP,
    },
    Quirk {
        name: "as PHP's `json_encode` with JSON_UNESCAPED_UNICODE writes it, with `\\/`",
        style: Style { escapes: Escapes { slash: true, ..NONE }, ..COMPACT },
        fix: PHP,
    },
    Quirk {
        name: "as Rails' `to_json` and Go's `json.Marshal` write it, with `\\u003c`, `\\u003e` and `\\u0026`",
        style: Style { escapes: Escapes { marks: Cow::Borrowed(HTML), ..NONE }, ..COMPACT },
        fix: "verify the raw bytes: in Rails, `request.raw_post`; in Go, the result of \
               `io.ReadAll(r.Body)`",
    },
    Quirk {
        name: "as Java's Gson writes it, with `\\u003d` and `\\u0027`",
        style: Style { escapes: Escapes { marks: Cow::Borrowed(GSON), ..NONE }, ..COMPACT },
        fix: "verify the raw bytes: in Spring, `@RequestBody byte[]`",
    },
    Quirk {
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
        fix: "verify the raw bytes: in ASP.NET Core, read `Request.Body` before it is bound",
    },
    Quirk {
        name: "compact with the numbers of JavaScript, which writes `1` for `1.0`",
        style: Style { plain_numbers: true, ..COMPACT },
        fix: "verify the raw bytes: in Express, use `express.raw({ type: '*/*' })` on this route, \
               before `express.json()`",
    },
    Quirk {
        name: "as Shopify writes it, with `\\/`, `\\u003c`, `\\u003e` and `\\u0026`",
        style: Style {
            escapes: Escapes { slash: true, marks: Cow::Borrowed(HTML), ..NONE },
            ..COMPACT
        },
        fix: RAW,
    },
    Quirk {
        name: "as Meta writes it, with `\\/`, `\\u003c`, `\\u0025`, `\\u0040` and everything outside ASCII escaped",
        style: Style {
            escapes: Escapes { slash: true, marks: Cow::Borrowed(META), ..FOREIGN },
            ..COMPACT
        },
        fix: RAW,
    },
    Quirk {
        name: "as Java's Jackson writes it, with `\\uD83D\\uDE00` for characters beyond U+FFFF",
        style: Style { escapes: Escapes { astral: true, upper: true, ..NONE }, ..COMPACT },
        fix: "verify the raw bytes: in Spring, `@RequestBody byte[]`",
    },
    Quirk {
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
        fix: PHP,
    },
    Quirk {
        name: "as SendGrid writes it, with a line for each event",
        style: Style { between: "\r\n", end: "\r\n", ..COMPACT },
        fix: RAW,
    },
    Quirk {
        name: "as SendGrid writes it, with a line for each event, and with `\\u003c`, `\\u003e` and `\\u0026`",
        style: Style {
            between: "\r\n",
            end: "\r\n",
            escapes: Escapes { marks: Cow::Borrowed(HTML), ..NONE },
            ..COMPACT
        },
        fix: RAW,
    },
    Quirk {
        name: "as Xero writes it, with spaces in some places",
        style: Style { gaps: XERO, ..COMPACT },
        fix: RAW,
    },
    Quirk {
        name: "indented by two spaces, as `JSON.stringify(x, null, 2)` writes it",
        style: Style { indent: "  ", ..LINES },
        fix: PRETTY,
    },
    Quirk {
        name: "indented by four spaces",
        style: Style { indent: "    ", ..LINES },
        fix: PRETTY,
    },
    Quirk {
        name: "indented by two spaces with `\\u` escapes, as Python's `json.dumps(x, indent=2)` writes it",
        style: Style { indent: "  ", escapes: FOREIGN, ..LINES },
        fix: PRETTY,
    },
    Quirk {
        name: "indented by four spaces with `\\u` escapes, as Python's `json.dumps(x, indent=4)` writes it",
        style: Style { indent: "    ", escapes: FOREIGN, ..LINES },
        fix: PRETTY,
    },
    Quirk {
        name: "indented by four spaces with `\\/`, as PHP's JSON_PRETTY_PRINT writes it",
        style: Style { indent: "    ", escapes: Escapes { slash: true, ..FOREIGN }, ..LINES },
        fix: PHP,
    },
    Quirk {
        name: "indented as Java's Jackson does it, with ` : ` and its lists on one line",
        style: Style { colon: " : ", indent: "  ", padding: " ", inline_lists: true, ..LINES },
        fix: PRETTY,
    },
    Quirk {
        name: "on one line with spaces inside its brackets",
        style: Style { padding: " ", ..SPACED },
        fix: RAW,
    },
    Quirk { name: "indented by tabs", style: Style { indent: "\t", ..LINES }, fix: PRETTY },
    Quirk {
        name: "indented by tabs with `\\u` escapes, as Python's `json.dumps(x, indent='\\t')` writes it",
        style: Style { indent: "\t", escapes: FOREIGN, ..LINES },
        fix: PRETTY,
    },
    Quirk {
        name: "indented by two spaces with `\\u003c`, `\\u003e` and `\\u0026`, as Go's `json.MarshalIndent` writes it",
        style: Style {
            indent: "  ",
            escapes: Escapes { marks: Cow::Borrowed(HTML), ..NONE },
            ..LINES
        },
        fix: PRETTY,
    },
    Quirk {
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
        fix: PRETTY,
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
