//! Schemes as TOML files.

use countersign_core::{ConfigError, Scheme};
use countersign_schemes::{named, names};

#[test]
fn every_built_in_that_is_data_reads_back_equal() {
    for name in names() {
        let scheme = named(name).unwrap();
        if scheme.is_data() {
            let file = scheme.to_toml().unwrap();
            assert_eq!(Scheme::from_toml(&file), Ok(scheme), "{file}");
        } else {
            let rejected = scheme.to_toml().unwrap_err();
            assert!(matches!(&rejected, ConfigError::NotData { scheme, .. } if scheme == name));
            assert!(rejected.to_string().contains("code"), "{rejected}");
        }
    }
}
