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
        ConfigError::UnknownScheme { name, .. } => unknown(&name),
        error => error.into(),
    })
}

fn from_file(path: &Path) -> Result<Scheme, Mend> {
    let what = format!("the scheme's file `{}`", path.display());
    let text = std::fs::read_to_string(path)
        .map_err(|error| Mend::because(format!("{what} cannot be read"), error))?;
    Scheme::from_toml(&text).map_err(|error| Mend::because(what, error))
}

fn unknown(name: &str) -> Mend {
    let near = near(name);
    let hint = if near.is_empty() {
        "`countersign schemes` lists them, and a file's name ends in `.toml`".to_owned()
    } else {
        format!("did you mean {}?", near.join(" or "))
    };
    Mend::new(format!("there is no built-in scheme `{name}`: {hint}"))
}

/// The built-ins that begin as `name` does, or are at most two slips away from it.
fn near(name: &str) -> Vec<String> {
    let lower = name.to_ascii_lowercase();
    let is_near = |known: &&str| {
        let prefix = lower.len() > 1 && (known.starts_with(&lower) || lower.starts_with(known));
        prefix || strsim::damerau_levenshtein(&lower, known) <= MOST_SLIPS
    };
    Scheme::names().filter(is_near).map(|known| format!("`{known}`")).collect()
}

const MOST_SLIPS: usize = 2;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slips_and_beginnings_are_near_and_strangers_are_not() {
        assert_eq!(near("strpie"), ["`stripe`"]);
        assert_eq!(near("GitHub"), ["`github`"]);
        assert_eq!(near("gitlab-sign"), ["`gitlab-signing`"]);
        assert_eq!(near("standardwebhooks-v1"), ["`standardwebhooks`"]);
        assert!(near("quicksilver").is_empty());
        assert!(near("").is_empty());
    }
}
