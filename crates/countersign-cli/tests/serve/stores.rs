//! A store that cannot hold the records: the program does not start on it.

use countersign_conformance::RedisServer;

use crate::config::must_mend;

fn config(store: &str) -> String {
    format!(
        "listen = '127.0.0.1:0'\nstore = '{store}'\n[[endpoint]]\npath = '/hooks/github'\n\
         scheme = 'github'\nsecrets = [{{ env = 'SECRET' }}]\n"
    )
}

/// Under each of the policies: none of them is for a store that never works.
#[test]
fn a_store_whose_user_may_run_no_scripts_is_an_error_that_names_the_rights() {
    let server = RedisServer::start(&[]);
    let user = ["ACL", "SETUSER", "noeval", "on", ">hunter2", "~*", "+@all", "-@scripting"];
    assert_eq!(server.cli(&user), "OK");
    let store = format!("redis://noeval:hunter2@{}", server.address());
    for policy in ["fail-closed", "local-fallback", "fail-open"] {
        let config = format!("{}outage = '{policy}'\n", config(&store));
        must_mend(&config, &["the store", "may not run its scripts", "+eval +evalsha"]);
    }
}

#[test]
fn a_sentinel_in_place_of_its_primary_is_an_error_that_shows_the_url_to_write() {
    let primary = RedisServer::start(&[]);
    let down_after = std::time::Duration::from_secs(60);
    let sentinel = RedisServer::start_sentinel(&primary, "main", 1, down_after);
    must_mend(&config(&sentinel.url()), &["is a Sentinel", "redis+sentinel://"]);
}
