//! The argument that names a scheme: a built-in, or a file.

use std::ffi::OsStr;
use std::path::{MAIN_SEPARATOR, Path};

use clap::builder::{PossibleValue, StringValueParser, TypedValueParser};
use clap::{Arg, Command, Error};
use countersign::{ConfigError, Scheme};

use crate::files::{self, FileKind};
use crate::mend::Mend;

/// Takes any text, and lets the shells complete the names of the built-ins.
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
        let aliases = Scheme::aliases().map(|(alias, _)| alias);
        Some(Box::new(Scheme::names().chain(aliases).map(PossibleValue::new)))
    }
}

/// The scheme that `name` names: the path of a TOML file where it could not be a built-in's name.
pub(crate) fn load(name: &str) -> Result<Scheme, Mend> {
    load_from(Path::new(""), name)
}

/// The same, of a name that stands in a file of this folder.
pub(crate) fn load_from(folder: &Path, name: &str) -> Result<Scheme, Mend> {
    if is_file(name) {
        return from_file(&folder.join(name));
    }
    Scheme::named(name).map_err(|error| match error {
        ConfigError::UnknownScheme { name, near, .. } if near.is_empty() => Mend::new(format!(
            "there is no built-in scheme `{name}`: \
             `countersign schemes` lists them, and a file's name ends in `.toml`"
        )),
        error => error.into(),
    })
}

/// Whether this is a path, and no built-in's name.
pub(crate) fn is_file(name: &str) -> bool {
    name.ends_with(".toml") || name.contains(['/', MAIN_SEPARATOR])
}

fn from_file(path: &Path) -> Result<Scheme, Mend> {
    let what = format!("the scheme's file `{}`", path.display());
    let text = files::read_text(path, FileKind::Scheme, &what)?;
    Scheme::from_toml(&text).map_err(|error| Mend::because(what, error))
}
