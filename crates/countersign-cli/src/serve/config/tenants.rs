//! The secrets of tenants, from a table or a folder.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::path::Path;

use countersign::Secret;
use countersign::tenants::TenantId;

use super::file::File;
use super::place::Place;
use super::source::Source;
use super::toml::{EndpointConfig, TenantConfig};
use crate::secrets;
use crate::usage_error::UsageError;

impl File<'_> {
    /// The part of a request that contains the tenant's name.
    pub(super) fn tenant_from(
        &self,
        words: &EndpointConfig,
        tenants: &TenantConfig,
    ) -> Result<TenantId, UsageError> {
        let path_at = self.at("path", words.path.span());
        let has_place = words.path.get_ref().contains('{');
        match &tenants.header {
            Some(header) if has_place => Err(self
                .at("header", header.span())
                .fix("the path names the tenant already: remove one of them")),
            Some(header) => {
                let from = TenantId::header(header.get_ref());
                from.map_err(|error| self.at("header", header.span()).fix(error))
            }
            None if has_place => {
                TenantId::path(words.path.get_ref()).map_err(|error| path_at.fix(error))
            }
            None => Err(path_at.fix(
                "nothing names the tenant: use `{tenant}` as a segment of the path, or add \
                 `header` to `[endpoint.tenants]`",
            )),
        }
    }

    /// All tenants with their secrets.
    pub(super) fn tenants(
        &self,
        words: &TenantConfig,
    ) -> Result<BTreeMap<String, Vec<Source>>, UsageError> {
        let mut tenants = BTreeMap::new();
        for (tenant, secrets) in &words.secrets {
            tenants.insert(tenant.clone(), self.sources(secrets)?);
        }
        let Some(directory) = &words.directory else {
            return Ok(tenants);
        };
        let at = self.at("directory", directory.span());
        for (tenant, sources) in of_directory(&self.beside(directory.get_ref()), &at)? {
            sources.iter().for_each(|source| self.hidden.add(&source.read));
            match tenants.entry(tenant) {
                Entry::Vacant(vacant) => drop(vacant.insert(sources)),
                Entry::Occupied(taken) => {
                    return Err(at.fix(format!(
                        "the tenant `{}` also has secrets under `secrets`: remove one of them",
                        taken.key()
                    )));
                }
            }
        }
        Ok(tenants)
    }
}

/// Reads a folder with a file for each tenant, named like the tenant, with one secret per line.
/// Names that begin with a dot are skipped: tools that mount such files use them.
fn of_directory(directory: &Path, at: &Place) -> Result<Vec<(String, Vec<Source>)>, UsageError> {
    let unreadable = |error| at.fix(UsageError::because("cannot be read", error));
    let mut tenants = Vec::new();
    for entry in std::fs::read_dir(directory).map_err(unreadable)? {
        let path = entry.map_err(unreadable)?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if name.starts_with('.') || path.is_dir() {
            continue;
        }
        if !path.is_file() {
            return Err(at.fix(format!(
                "`{}` is not a regular file: the folder must contain one file for each tenant",
                name.escape_debug()
            )));
        }
        if !name.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'%') {
            return Err(at.fix(format!(
                "the file `{}` has an invalid name: use visible ASCII characters without `%`",
                name.escape_debug()
            )));
        }
        let sources = of_lines(&path, at)?;
        tenants.push((name, sources));
    }
    Ok(tenants)
}

fn of_lines(path: &Path, at: &Place) -> Result<Vec<Source>, UsageError> {
    let kept = secrets::Place::File(path.to_owned());
    let text = kept.text().map_err(|error| at.fix(error))?;
    let lines = (1..).zip(text.lines()).filter(|(_, line)| !line.is_empty());
    let sources = lines.map(|(number, line)| {
        let read = Secret::new(line).map_err(|error| at.fix(error))?;
        let name = format!("{}, line {number}", kept.name());
        let (kept, at) = (kept.clone(), at.clone());
        Ok(Source { read, name, not_before: None, not_after: None, kept, at })
    });
    let sources = sources.collect::<Result<Vec<_>, UsageError>>()?;
    if sources.is_empty() {
        return Err(at.fix(format!("{kept} is empty: write the tenant's secret into it")));
    }
    Ok(sources)
}
