//! The URL of a certificate, which the client chooses: a key is only looked up
//! for a URL on the scheme's list.

/// Host and path of a URL that consists only of `https`, a host and a path.
pub(crate) fn host_and_path(url: &str) -> Option<(&str, &str)> {
    let rest = url.strip_prefix("https://")?;
    let (host, path) = rest.split_at(rest.find('/')?);
    let in_host =
        |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b".-".contains(&byte);
    let in_path = |byte: u8| byte.is_ascii_alphanumeric() || b"/._-".contains(&byte);
    let is_plain = url.len() <= LONGEST && host.bytes().all(in_host) && path.bytes().all(in_path);
    (is_plain && !path.contains("..")).then_some((host, path))
}

const LONGEST: usize = 512;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_unambiguous_url_is_split() {
        assert_eq!(host_and_path("https://a.example/x/y.pem"), Some(("a.example", "/x/y.pem")));
        for bad in [
            "",
            "https://",
            "https://a.example",
            "http://a.example/x",
            "HTTPS://a.example/x",
            "https://a.example:443/x",
            "https://b@a.example/x",
            "https://A.example/x",
            "https://a.example\\b/x",
            "https://a.example/x?y",
            "https://a.example/x#y",
            "https://a.example/../x",
            "https://a.example/%2e",
            "https://a.example/ x",
            "https://a.example/\0",
            "https://ä.example/x",
        ] {
            assert_eq!(host_and_path(bad), None, "{bad}");
        }
        assert_eq!(host_and_path(&format!("https://a/{}", "x".repeat(600))), None);
    }
}
