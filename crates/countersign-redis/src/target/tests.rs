use std::time::Duration;

use super::*;

fn problem(url: &str) -> String {
    match Target::parse(url) {
        Ok(target) => panic!("{url} was parsed as {target:?}"),
        Err(error) => error.to_string(),
    }
}

#[test]
fn a_url_of_an_unknown_form_is_rejected() {
    for url in ["", "127.0.0.1:6379", "http://127.0.0.1", "redis+ring://a", "redis://a:port"] {
        assert!(problem(url).starts_with("the URL of the store "), "{url}");
    }
}

#[test]
fn no_text_shows_the_password() {
    for url in [
        "redis://user:hunter2@a:port",
        "redis://user:hunter2@[::1",
        "redis://user:hunter2@a/hunter2",
        "http://user:hunter2@a",
    ] {
        assert!(!problem(url).contains("hunter2"), "{url}");
    }
    let target = Target::parse("redis://user:hunter2@a").unwrap();
    assert!(!format!("{target:?}").contains("hunter2"));
}

#[cfg(feature = "cluster")]
#[test]
fn a_cluster_is_several_hosts_with_one_user() {
    let url = "redis+cluster://user:p%40ss@a:7000,b,[::1]:7001";
    let Ok(Target::Cluster(nodes)) = Target::parse(url) else { panic!("not a cluster") };
    let hosts: Vec<_> = nodes.iter().map(|node| node.addr().to_string()).collect();
    assert_eq!(hosts, ["a:7000", "b:6379", "::1:7001"]);
    for node in &nodes {
        assert_eq!(node.redis_settings().username(), Some("user"));
        assert_eq!(node.redis_settings().password(), Some("p@ss"));
    }
    assert!(problem("redis+cluster://a/1").contains("only one"));
}

#[cfg(feature = "sentinel")]
#[test]
fn sentinels_and_server_have_separate_credentials() {
    let url = "redis+sentinel://user:hunter2@a,b:7000/main?db=3&sentinel_password=hunter3";
    let Ok(Target::Sentinel(target)) = Target::parse(url) else { panic!("not sentinels") };
    let hosts: Vec<_> = target.sentinels.iter().map(|node| node.addr().to_string()).collect();
    assert_eq!(hosts, ["a:26379", "b:7000"]);
    assert_eq!(target.sentinels[0].redis_settings().password(), Some("hunter3"));
    assert_eq!((target.name.as_str(), target.server.redis_settings().db()), ("main", 3));
    assert_eq!(target.server.redis_settings().password(), Some("hunter2"));
    let shown = format!("{:?}", Target::Sentinel(target));
    assert!(!shown.contains("hunter"), "{shown}");

    assert!(problem("redis+sentinel://a").contains("name the primary"));
    assert!(problem("redis+sentinel://a/main?password=hunter2").contains("unknown query"));
}

#[cfg(not(all(feature = "cluster", feature = "sentinel", feature = "tls")))]
#[test]
fn the_error_for_a_url_names_the_missing_feature() {
    for (url, feature, is_on) in [
        ("rediss://a", "tls", cfg!(feature = "tls")),
        ("redis+cluster://a", "cluster", cfg!(feature = "cluster")),
        ("redis+sentinel://a/main", "sentinel", cfg!(feature = "sentinel")),
    ] {
        assert!(is_on || problem(url).contains(&format!("`{feature}`")), "{url}");
    }
}

#[test]
fn an_unknown_parameter_of_a_url_is_rejected() {
    for url in
        ["redis://a?deadlin_ms=5", "redis://a/1?prefix=shop", "rediss://a?db=1", "unix:///s?base=1"]
    {
        if !url.starts_with("rediss") || cfg!(feature = "tls") {
            assert!(problem(url).contains("unknown query parameter"), "{url}");
        }
    }
    let socket = "unix:///s?db=1&user=u&pass=p&protocol=resp3";
    for url in ["redis://a?", "redis://a?protocol=resp3", socket] {
        assert!(Target::parse(url).is_ok(), "{url}");
    }
}

#[test]
fn the_url_can_set_the_deadlines_of_operations() {
    let url = "redis://a/1?deadline_ms=600&protocol=resp3&try_timeout_ms=400";
    let (settings, rest) = UrlSettings::take_from(url).unwrap();
    let ms = |ms| Some(Duration::from_millis(ms));
    assert_eq!(settings, UrlSettings { deadline: ms(600), try_timeout: ms(400) });
    assert_eq!(rest, "redis://a/1?protocol=resp3");
    for url in ["redis://a", "redis://a?protocol=resp3", "redis://:p?ss@a?"] {
        let (settings, rest) = UrlSettings::take_from(url).unwrap();
        assert_eq!((settings, &*rest), (UrlSettings::default(), url));
    }
    assert_eq!(UrlSettings::take_from("redis://a?deadline_ms=5").unwrap().1, "redis://a");
    let error = UrlSettings::take_from("redis://a?deadline_ms=1s").unwrap_err();
    assert!(error.to_string().contains("whole number"), "{error}");
}
