//! Reads a server's `INFO`.

use countersign_core::StoreWarning;
use redis::Value;

/// The text of `INFO`.
pub(super) struct Info(String);

impl Info {
    /// From one server, or from each server of a cluster.
    pub(super) fn of_each(reply: &Value) -> Vec<Self> {
        let mut all = Vec::new();
        texts(reply, &mut all);
        // The reply of a cluster contains the servers' addresses, too.
        all.into_iter().filter(|text| text.contains(':') && text.contains('\n')).map(Self).collect()
    }

    /// The version, if it is older than the scripts need.
    pub(super) fn too_old(&self) -> Option<String> {
        if self.value("valkey_version").is_some() {
            return None;
        }
        let version = self.value("redis_version")?;
        let major: u32 = version.split('.').next()?.parse().ok()?;
        (major < OLDEST_MAJOR).then(|| version.to_owned())
    }

    pub(super) fn is_sentinel(&self) -> bool {
        self.value("redis_mode") == Some("sentinel")
    }

    pub(super) fn is_cluster_node(&self) -> bool {
        self.value("cluster_enabled") == Some("1")
    }

    pub(super) fn has_no_append_only_file(&self) -> bool {
        self.value("aof_enabled") == Some("0")
    }

    /// All warnings except those that depend on
    /// [`has_no_append_only_file`](Self::has_no_append_only_file).
    pub(super) fn warnings(&self) -> Vec<StoreWarning> {
        let mut warnings = Vec::new();
        match self.value("role") {
            Some("master") => {}
            Some(_) => warnings.push(StoreWarning::Replica),
            None => warnings.push(super::unreadable("role")),
        }
        match (self.value("maxmemory"), self.value("maxmemory_policy")) {
            // Without a memory limit nothing is ever evicted.
            (Some("0"), _) | (_, Some("noeviction")) => {}
            (_, Some(policy)) => warnings.push(StoreWarning::Evicts { policy: policy.to_owned() }),
            (_, None) => warnings.push(super::unreadable("eviction policy")),
        }
        if self.value("aof_enabled").is_none() {
            warnings.push(super::unreadable("persistence"));
        }
        warnings
    }

    fn value(&self, name: &str) -> Option<&str> {
        self.0.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':')).map(str::trim)
    }
}

/// Whether the reply to `CONFIG GET save` shows, for any server, that it takes
/// no snapshots.
pub(super) fn takes_no_snapshots(reply: &Value) -> bool {
    let mut words = Vec::new();
    texts(reply, &mut words);
    words.windows(2).any(|pair| pair[0] == "save" && pair[1].is_empty())
}

/// Every text in a reply, in order, for each form that the protocol and the
/// cluster may give it.
fn texts(reply: &Value, into: &mut Vec<String>) {
    match reply {
        Value::BulkString(bytes) => into.push(String::from_utf8_lossy(bytes).into_owned()),
        Value::SimpleString(text) | Value::VerbatimString { text, .. } => {
            into.push(text.to_string());
        }
        Value::Array(values) => values.iter().for_each(|value| texts(value, into)),
        Value::Map(pairs) => {
            for (name, value) in pairs {
                texts(name, into);
                texts(value, into);
            }
        }
        _ => {}
    }
}

const OLDEST_MAJOR: u32 = 7;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn valkey_is_recognised_by_its_own_version() {
        let of = |info: &str| Info(info.to_owned()).too_old();
        assert_eq!(of("redis_version:6.2.0\r\n"), Some("6.2.0".to_owned()));
        assert_eq!(
            of("redis_version:7.2.4\r\nserver_name:valkey\r\nvalkey_version:8.0.1\r\n"),
            None
        );
        assert_eq!(of("redis_version:6.0.0\r\nvalkey_version:8.0.1\r\n"), None);
    }
}
