//! Secrets, read from environment variables or files, never from the command line.

use std::ffi::OsStr;
use std::fmt;
use std::path::{Path, PathBuf};

use base64::Engine;
use base64::alphabet::{STANDARD, URL_SAFE};
use base64::engine::DecodePaddingMode::Indifferent;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig};
use clap::{ArgAction, ArgMatches, Args, FromArgMatches};
use countersign::secrets::SecretProblem;
use countersign::{ConfigError, Scheme, Secret, Secrets};
use zeroize::Zeroizing;

use crate::files::{self, FileKind};
use crate::output;
use crate::usage_error::UsageError;

/// The sources of the active secrets, in the order of the command line: the current one first.
#[derive(Debug, Clone)]
pub(crate) struct SecretArgs(Vec<Place>);

/// The source of one secret.
#[derive(Debug, Clone)]
pub(crate) enum Place {
    Env(String),
    File(PathBuf),
}

/// The options as clap parses them. Only the matches have the order of the two options.
#[derive(Debug, Args)]
#[group(id = "secrets", required = true, multiple = true)]
struct Flags {
    /// Environment variable with a secret; repeatable, the current secret first
    #[arg(
        long,
        value_name = "NAME",
        action = ArgAction::Append,
        // A key in PEM format given by mistake: clap would print it as an unknown option.
        allow_hyphen_values = true
    )]
    secret_env: Vec<String>,
    /// File with a secret; repeatable, the current secret first
    #[arg(long, value_name = "PATH", action = ArgAction::Append, allow_hyphen_values = true)]
    secret_file: Vec<PathBuf>,
}

impl SecretArgs {
    /// Reads all secrets.
    pub(crate) fn read(&self) -> Result<Secrets, UsageError> {
        let read = self.0.iter().map(Place::read).collect::<Result<Vec<_>, _>>()?;
        collect(read).ok_or_else(none)
    }

    /// Reads all secrets; `None` if none is given.
    pub(crate) fn read_if_any(&self) -> Result<Option<Secrets>, UsageError> {
        let read = self.0.iter().map(Place::read).collect::<Result<Vec<_>, _>>()?;
        Ok(collect(read))
    }

    /// Reads only the first secret.
    pub(crate) fn current(&self) -> Result<Secret, UsageError> {
        if self.0.len() > 1 {
            output::note("signed with the first secret only");
        }
        self.0.first().ok_or_else(none)?.read()
    }

    /// Reads all secrets once and returns `takers` copies of them. `seen` is called with each
    /// secret.
    pub(crate) fn read_for(
        &self,
        takers: usize,
        seen: impl Fn(&Secret),
    ) -> Result<Vec<Secrets>, UsageError> {
        let read = self.0.iter().map(Place::read).collect::<Result<Vec<_>, _>>()?;
        read.iter().for_each(seen);
        let copies = || {
            read.iter().zip(&self.0).map(|(secret, place)| Ok(again(secret)?.named(place.name())))
        };
        (0..takers)
            .map(|_| collect(copies().collect::<Result<Vec<_>, UsageError>>()?).ok_or_else(none))
            .collect()
    }

    /// The options and their values.
    pub(crate) fn options(&self) -> impl Iterator<Item = (&'static str, String)> {
        self.0.iter().map(|place| match place {
            Place::Env(name) => ("--secret-env", name.clone()),
            Place::File(path) => ("--secret-file", path.display().to_string()),
        })
    }

    /// Converts an error; if it is about a secret, the message names the option to fix.
    pub(crate) fn blame(&self, error: ConfigError) -> UsageError {
        match error {
            ConfigError::Secret { problem, index, .. } => {
                match index.and_then(|index| self.0.get(index)) {
                    Some(place) => place.unusable(problem),
                    None => UsageError::because("secret", problem),
                }
            }
            error => error.into(),
        }
    }
}

impl Place {
    pub(crate) fn read(&self) -> Result<Secret, UsageError> {
        let mut text = self.text()?;
        if let Some(rest) = text.strip_suffix('\n') {
            text.truncate(rest.strip_suffix('\r').unwrap_or(rest).len());
            output::note(&format!("dropped the newline at the end of {self}"));
        }
        match Secret::new(text) {
            Ok(secret) => Ok(secret.named(self.name())),
            Err(ConfigError::Secret { problem, .. }) => Err(self.unusable(problem)),
            Err(error) => Err(error.into()),
        }
    }

    /// The exact text of the source.
    pub(crate) fn text(&self) -> Result<String, UsageError> {
        match self {
            Self::Env(name) => match std::env::var_os(name) {
                Some(value) => value.into_string().map_err(|_| self.not_text()),
                None => Err(self.not_set(name)),
            },
            Self::File(path) if !can_be_printed(path) => Err(UsageError::new(format!(
                "{self} cannot be read: give the path of a file, never the secret itself"
            ))),
            Self::File(path) => {
                let bytes = files::read(path, FileKind::Secret, &self.to_string())?;
                String::from_utf8(bytes).map_err(|_| self.not_text())
            }
        }
    }

    /// The name by which the user knows the source.
    pub(crate) fn name(&self) -> String {
        match self {
            Self::Env(name) => name.clone(),
            Self::File(path) => path.display().to_string(),
        }
    }

    fn not_set(&self, name: &str) -> UsageError {
        let fix = if is_plainly_a_name(name) {
            "export it first"
        } else {
            "give the name of an exported variable, never the secret itself"
        };
        UsageError::new(format!("{self} is not set: {fix}"))
    }

    fn not_text(&self) -> UsageError {
        UsageError::new(format!("{self} is not UTF-8 text: store it as the provider displays it"))
    }

    pub(crate) fn unusable(&self, problem: SecretProblem) -> UsageError {
        match problem {
            // The library's message names a function of the library.
            SecretProblem::NotBase64 => UsageError::new(format!(
                "{self} is not base64, but this scheme's secrets are: store it without spaces or \
                 quotes"
            )),
            problem => UsageError::new(format!("{self} {problem}")),
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Env(name) if is_plainly_a_name(name) => {
                write!(f, "the environment variable `{name}`")
            }
            Self::Env(_) => f.write_str("the environment variable for the secret"),
            Self::File(path) if can_be_printed(path) => {
                write!(f, "the secret's file `{}`", path.display())
            }
            Self::File(_) => f.write_str("the file for the secret"),
        }
    }
}

/// A copy of a secret that was read. It cannot be read again, because a pipe can be read only once.
pub(crate) fn again(secret: &Secret) -> Result<Secret, ConfigError> {
    // The secret was created from text.
    Secret::new(String::from_utf8_lossy(secret.dangerous_reveal()))
}

/// The secrets of one endpoint, the current one first; `None` if there are none.
pub(crate) fn collect(secrets: Vec<Secret>) -> Option<Secrets> {
    let mut secrets = secrets.into_iter();
    let current = Secrets::new(secrets.next()?);
    Some(secrets.fold(current, Secrets::with_previous))
}

/// Prints warnings about secrets that look wrong for a scheme. They are still used.
pub(crate) fn warn(secrets: &Secrets, scheme: &Scheme) {
    for warning in secrets.warnings(scheme) {
        output::note(&format!("scheme `{}`: {warning}", scheme.name()));
    }
}

/// Every text and key that a secret can encode: the keys in every format of a scheme, and those of
/// texts that are not quite in such a format. Only its scheme determines which one is the key.
pub(crate) fn possible_keys(secret: &Secret) -> Vec<Zeroizing<Vec<u8>>> {
    let text = secret.dangerous_reveal();
    let mut keys = vec![Zeroizing::new(text.to_vec())];
    secret.for_each_possible_key(|key| keys.push(Zeroizing::new(key.to_vec())));
    for part in text.split(|byte| *byte == b'|').map(<[u8]>::trim_ascii) {
        let part = part.strip_prefix(b"v1,").unwrap_or(part);
        let bare = PREFIXES.iter().find_map(|prefix| part.strip_prefix(*prefix)).unwrap_or(part);
        let base64 = [&STANDARD, &URL_SAFE]
            .map(|alphabet| GeneralPurpose::new(alphabet, LENIENT).decode(bare).ok());
        let decoded = base64.into_iter().flatten().chain(from_hex(bare));
        keys.extend([part.to_vec(), bare.to_vec()].into_iter().chain(decoded).map(Zeroizing::new));
    }
    keys.sort_unstable_by(|one, other| one.as_slice().cmp(other));
    keys.dedup();
    keys.retain(|key| !key.is_empty());
    keys
}

fn from_hex(text: &[u8]) -> Option<Vec<u8>> {
    let (pairs, []) = text.as_chunks::<2>() else { return None };
    let byte = |pair: &[u8; 2]| {
        let digit = |digit: u8| char::from(digit).to_digit(16);
        u8::try_from(digit(pair[0])? * 16 + digit(pair[1])?).ok()
    };
    pairs.iter().map(byte).collect()
}

fn none() -> UsageError {
    UsageError::new("give a secret with `--secret-env` or `--secret-file`")
}

/// Whether the name of a variable can be printed. Anything but words in uppercase may be the secret
/// itself, given by mistake instead of a variable's name.
pub(crate) fn is_plainly_a_name(name: &str) -> bool {
    name.len() <= MAX_NAME
        && name.split('_').all(|word| is_plainly_a_word(word, u8::is_ascii_uppercase))
}

/// Whether a key of a configuration can be printed, as above.
pub(crate) fn is_plainly_a_key(key: &str) -> bool {
    let is_prefix =
        |word: &str| PREFIXES.iter().any(|it| it.strip_suffix(b"_") == Some(word.as_bytes()));
    key.split(['_', '-', '.', ' '])
        .all(|word| is_plainly_a_word(word, u8::is_ascii_lowercase) && !is_prefix(word))
}

/// Whether a path of the command line can be printed.
fn can_be_printed(path: &Path) -> bool {
    path.metadata().is_ok() || is_plainly_a_path(path, Path::new(""))
}

/// Whether a text contains the prefix of a secret. A folder in front of it and an extension after it
/// do not make it the name of a file.
pub(crate) fn has_key_prefix(text: &[u8]) -> bool {
    PREFIXES.iter().any(|prefix| memchr::memmem::find(text, prefix).is_some())
}

/// Whether the path of a file that cannot be read can be printed: it names a folder that exists,
/// from `base` if it is relative, or it has an extension. Anything else may be the secret itself,
/// given by mistake.
pub(crate) fn is_plainly_a_path(path: &Path, base: &Path) -> bool {
    let text = path.as_os_str().as_encoded_bytes();
    if text.iter().any(u8::is_ascii_control) || has_key_prefix(text) {
        return false;
    }
    let folder = path.parent().filter(|folder| folder.file_name().is_some());
    let extension = path.extension().and_then(OsStr::to_str);
    folder.is_some_and(|folder| base.join(folder).is_dir())
        || extension.is_some_and(|extension| {
            extension.len() <= MAX_EXTENSION && is_plainly_a_word(extension, u8::is_ascii_lowercase)
        })
}

/// Letters of one case with a number at the end, such as `V2`; or a number. A key in base64 or
/// hexadecimal is neither.
fn is_plainly_a_word(word: &str, is_letter: fn(&u8) -> bool) -> bool {
    let letters = word.trim_end_matches(|it: char| it.is_ascii_digit());
    letters.len() <= MAX_LETTERS
        && word.len() - letters.len() <= MAX_DIGITS
        && letters.bytes().all(|byte| is_letter(&byte))
}

/// The maximum length of a variable's name that is printed.
const MAX_NAME: usize = 80;
/// The length of the longest word that is a plain one.
const MAX_LETTERS: usize = 15;
const MAX_DIGITS: usize = 4;
const MAX_EXTENSION: usize = 6;
/// What secrets begin with.
const PREFIXES: [&[u8]; 3] = [b"whsec_", b"whsk_", b"whpk_"];
const LENIENT: GeneralPurposeConfig = GeneralPurposeConfig::new()
    .with_decode_padding_mode(Indifferent)
    .with_decode_allow_trailing_bits(true);

impl FromArgMatches for SecretArgs {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let flags = Flags::from_arg_matches(matches)?;
        let at = |id: &str| matches.indices_of(id).into_iter().flatten();
        let envs = at("secret_env").zip(flags.secret_env.into_iter().map(Place::Env));
        let files = at("secret_file").zip(flags.secret_file.into_iter().map(Place::File));
        let mut places: Vec<(usize, Place)> = envs.chain(files).collect();
        places.sort_by_key(|(index, _)| *index);
        Ok(Self(places.into_iter().map(|(_, place)| place).collect()))
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

impl Args for SecretArgs {
    fn augment_args(command: clap::Command) -> clap::Command {
        Flags::augment_args(command)
    }

    fn augment_args_for_update(command: clap::Command) -> clap::Command {
        Flags::augment_args_for_update(command)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_possible_secret_is_not_classified_as_a_name_key_or_path() {
        for name in ["SECRET", "STRIPE_WEBHOOK_SECRET", "OAUTH2_KEY_V2", "KEY_2026"] {
            assert!(is_plainly_a_name(name), "{name}");
        }
        for secret in [
            "9D8F7A6B5C4D3E2F1A0B9C8D7E6F5A4B",
            "A1B2C3D4E5F60718",
            "JBSWY3DPEHPK3PXP",
            "ABCDEFGHIJKLMNOPQRSTUVWXYZ",
            "12345678901234567890",
            "whsec_abc",
            "secret",
            &"SECRET_".repeat(20),
        ] {
            assert!(!is_plainly_a_name(secret), "{secret}");
        }
        for key in ["forward", "not_before", "endpoint.tenants.secrets", "acme-2", "pth"] {
            assert!(is_plainly_a_key(key), "{key}");
        }
        for secret in ["whsec_abc", "whsec_TOP", "a1b2c3d4", "SECRET", "12345678901234567890"] {
            assert!(!is_plainly_a_key(secret), "{secret}");
        }
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("keys")).unwrap();
        let is_path = |path: &str| is_plainly_a_path(Path::new(path), folder.path());
        for path in ["stripe.key", "keys/stripe", "/absent/stripe.pem", "../old.txt"] {
            assert!(is_path(path), "{path}");
        }
        for secret in
            ["whsec_abc", "whsec_a/b+c=", "/abc", "absent/stripe", "ab.C1d2E3f4G5h6", "a\nb.pem"]
        {
            assert!(!is_path(secret), "{secret}");
        }
    }
}
