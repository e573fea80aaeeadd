//! Forms in `multipart/form-data`, RFC 7578: only what is needed to find a few fields.

use countersign_core::VerifyError;
use memchr::memmem;

/// The values of these fields; a field's value is `None` if the field is not present exactly once.
/// Returns `None` if the body is not such a form.
///
/// The boundary is taken from the body's first line.
///
/// # Errors
///
/// [`BodyTooLarge`](crate::VerifyErrorKind::BodyTooLarge) if the form has more than `most` parts.
pub(crate) fn values<'a, const N: usize>(
    body: &'a [u8],
    names: [&str; N],
    most: usize,
) -> Result<Option<[Option<&'a [u8]>; N]>, VerifyError> {
    let Some((delimiter, line)) = delimiter(body) else { return Ok(None) };
    let mut found = [None; N];
    let mut seen = [false; N];
    // The line break before a delimiter belongs to the delimiter: the first one ends no part.
    let mut begin = line;
    for (count, end) in memmem::find_iter(body, &delimiter).enumerate() {
        if count == most {
            return Err(VerifyError::too_many_fields(most));
        }
        let part = body.get(begin..end).and_then(part);
        let Some((name, value)) = part else { return Ok(None) };
        if let Some(at) = names.iter().position(|wanted| Some(wanted.as_bytes()) == name) {
            found[at] = (!seen[at]).then_some(value);
            seen[at] = true;
        }
        begin = end + delimiter.len();
    }
    Ok(Some(found))
}

/// The delimiter between the parts, and the end of the body's first line, which names it.
fn delimiter(body: &[u8]) -> Option<(Vec<u8>, usize)> {
    let line = memmem::find(body, b"\r\n")?;
    let boundary = body[..line].strip_prefix(b"--")?;
    let is_boundary = (1..=MAX_BOUNDARY).contains(&boundary.len());
    is_boundary.then(|| ([b"\r\n--", boundary].concat(), line))
}

/// Name and value of a part, which starts at the end of its delimiter line.
fn part(part: &[u8]) -> Option<(Option<&[u8]>, &[u8])> {
    let part = part.strip_prefix(b"\r\n")?;
    let head = &part[..part.len().min(MAX_HEAD)];
    let end = memmem::find(head, b"\r\n\r\n")?;
    Some((name(&head[..end]), &part[end + 4..]))
}

/// The name in a part's `Content-Disposition`.
fn name(head: &[u8]) -> Option<&[u8]> {
    const NAME: &[u8] = b" name=\"";
    let begin = memmem::find(head, NAME)? + NAME.len();
    let end = memchr::memchr(b'"', &head[begin..])?;
    Some(&head[begin..begin + end])
}

/// RFC 2046, section 5.1.1.
const MAX_BOUNDARY: usize = 70;
/// Maximum size of a part's headers.
const MAX_HEAD: usize = 2048;

#[cfg(test)]
mod tests {
    use super::*;
    use countersign_core::VerifyErrorKind;

    const FORM: &str = concat!(
        "--b\r\nContent-Disposition: form-data; name=\"token\"\r\n\r\nabc\r\n",
        "--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a\"\r\n",
        "Content-Type: text/plain\r\n\r\nname=\"other\"\r\n\r\n--c\r\n",
        "--b\r\nContent-Disposition: form-data; name=\"time\"\r\n\r\n\r\n",
        "--b--\r\n",
    );

    #[test]
    fn fields_are_found_by_name() {
        let found = values(FORM.as_bytes(), ["time", "token", "none"], 3);
        assert_eq!(found, Ok(Some([Some(&b""[..]), Some(&b"abc"[..]), None])));
    }

    #[test]
    fn a_repeated_field_has_no_value() {
        let twice = FORM.replace("\"time\"", "\"token\"");
        assert_eq!(values(twice.as_bytes(), ["token"], 3), Ok(Some([None])));
    }

    #[test]
    fn an_invalid_form_or_one_with_too_many_parts_is_not_parsed() {
        let error = values(FORM.as_bytes(), ["token"], 2).unwrap_err();
        assert_eq!(error.kind(), VerifyErrorKind::BodyTooLarge);
        for bad in ["", "--\r\n", "--b", "a=b", "--b\r\n--b\r\nx\r\n--b--"] {
            let found = values(bad.as_bytes(), ["token"], 3).unwrap();
            assert!(found.is_none_or(|found| found == [None]), "{bad}");
        }
    }
}
