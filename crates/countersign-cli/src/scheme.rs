//! The argument that names a scheme: a built-in, or a file.

use std::path::{MAIN_SEPARATOR, Path};

use countersign::{ConfigError, Scheme};

use crate::mend::Mend;

/// The scheme that `name` names: the path of a TOML file where it could not be a built-in's name.
pub(crate) fn load(name: &str) -> Result<Scheme, Mend> {
    load_from(Path::new(""), name)
}

/// The same, of a name that stands in a file of this folder.
pub(crate) fn load_from(folder: &Path, name: &str) -> Result<Scheme, Mend> {
    if name.ends_with(".toml") || name.contains(['/', MAIN_SEPARATOR]) {
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

fn from_file(path: &Path) -> Result<Scheme, Mend> {
    let what = format!("the scheme's file `{}`", path.display());
    let text = std::fs::read_to_string(path)
        .map_err(|error| Mend::because(format!("{what} cannot be read"), error))?;
    Scheme::from_toml(&text).map_err(|error| Mend::because(what, error))
}
