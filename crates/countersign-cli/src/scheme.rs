//! The argument that names a built-in scheme or a scheme file.

use std::ffi::OsStr;
use std::path::{MAIN_SEPARATOR, Path};

use clap::builder::{PossibleValue, StringValueParser, TypedValueParser};
use clap::{Arg, Command, Error};
use countersign::{ConfigError, Scheme, schemes};

use crate::files::{self, FileKind};
use crate::possible_secret::{is_plain, shown, shown_path};
use crate::usage_error::UsageError;

/// Accepts any text. Shells complete the names of the built-in schemes.
#[derive(Clone)]
pub(crate) struct SchemeName;

impl TypedValueParser for SchemeName {
    type Value = String;

    fn parse_ref(
        &self,
        command: &Command,
        arg: Option<&Arg>,
        value: &OsStr,
    ) -> Result<String, Error> {
        StringValueParser::new().parse_ref(command, arg, value)
    }

    fn possible_values(&self) -> Option<Box<dyn Iterator<Item = PossibleValue> + '_>> {
        let aliases = schemes::aliases().map(|(alias, _)| alias);
        Some(Box::new(schemes::names().chain(aliases).map(PossibleValue::new)))
    }
}

/// Loads a scheme: from a TOML file if `name` is a path, or else a built-in scheme.
pub(crate) fn load(name: &str) -> Result<Scheme, UsageError> {
    load_from(Path::new(""), name)
}

/// The same for a name in a configuration file in this folder; paths are relative to it.
pub(crate) fn load_from(folder: &Path, name: &str) -> Result<Scheme, UsageError> {
    if is_file(name) {
        return from_file(&folder.join(name));
    }
    schemes::named(name).map_err(|error| match error {
        ConfigError::UnknownScheme { name, near, .. } if near.is_empty() || !is_plain(&name) => {
            UsageError::new(format!(
                "there is no built-in scheme `{}`: \
             `countersign schemes` lists them; the name of a scheme file ends in `.toml`",
                shown(&name)
            ))
        }
        error => error.into(),
    })
}

/// Whether this is a path, not the name of a built-in scheme.
pub(crate) fn is_file(name: &str) -> bool {
    name.ends_with(".toml") || name.contains(['/', MAIN_SEPARATOR])
}

fn from_file(path: &Path) -> Result<Scheme, UsageError> {
    let what = format!("the scheme's file `{}`", shown_path(path));
    let text = files::read_text(path, FileKind::Scheme, &what)?;
    let scheme = Scheme::from_toml(&text).map_err(|error| UsageError::because(&what, error))?;
    // Lines, metrics and event keys have the name. A copy of the built-in scheme is that scheme.
    match schemes::named(scheme.name()) {
        Ok(built_in) if built_in != scheme => Err(UsageError::new(format!(
            "{what}: `name`: `{}` is the name of a built-in scheme, which is another one: choose \
             another name",
            scheme.name()
        ))),
        _ => Ok(scheme),
    }
}
