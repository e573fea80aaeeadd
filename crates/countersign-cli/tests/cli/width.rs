//! Output for people fits the terminal.

use crate::program::{Files, countersign};

#[test]
fn the_usage_of_every_command_fits_into_80_columns() {
    for command in
        ["demo", "diagnose", "inspect", "queue", "schemes", "send", "serve", "sign", "verify"]
    {
        let help = countersign(&format!("{command} --help")).run().with(0).stdout;
        let usage = help.lines().skip_while(|line| !line.starts_with("Usage: "));
        let usage: Vec<&str> = usage.take_while(|line| !line.is_empty()).collect();
        assert!(!usage.is_empty(), "{help}");
        for line in usage {
            assert!(line.chars().count() <= 80, "{command}: {line}");
        }
    }
}

#[test]
fn tables_fit_into_80_columns_and_pipes_get_all_columns() {
    let sign = countersign("sign --scheme github --secret-env S --sample").env("S", "secret");
    let files = Files::new().with("request.json", sign.run().with(0).stdout);
    for words in [
        "schemes",
        "schemes pay",
        "schemes stripe",
        "schemes aws-sns",
        "schemes github --samples",
        "demo",
        "verify --scheme github --secret-env S --request",
        "verify --scheme stripe --secret-env S --request",
        "diagnose --scheme github --secret-env OTHER --request",
        "diagnose --scheme stripe --secret-env S --request",
    ] {
        let shown = |columns: Option<&str>| {
            let file = words.ends_with("--request").then(|| files.arg("request.json"));
            let program = countersign(words).args(file).env("S", "secret").env("OTHER", "secret ");
            let program = match columns {
                Some(columns) => program.env("COLUMNS", columns),
                None => program,
            };
            program.run().stdout
        };
        let narrow = shown(Some("80"));
        assert!(!narrow.is_empty(), "{words}");
        for line in narrow.lines() {
            // A digest is not broken.
            let is_whole = line.contains("event id  ") && !line.contains(" from ");
            assert!(line.chars().count() <= 80 || is_whole, "{words}:\n{narrow}");
        }
        assert!(narrow.lines().all(|line| !line.ends_with(' ')), "{words}:\n{narrow}");
        assert!(!shown(None).contains('…'), "{words}");
    }
    assert!(countersign("schemes").env("COLUMNS", "80").run().stdout.contains('…'));
    let wide = countersign("schemes --wide").env("COLUMNS", "80").run().with(0).stdout;
    assert_eq!(wide, countersign("schemes --wide").run().stdout);
}

#[test]
fn a_search_term_lists_the_matching_schemes() {
    let names = |words: &str| {
        let listed = countersign(words).run().with(0).stdout;
        let names = listed.lines().skip(1).map(|line| line.split(' ').next().unwrap().to_owned());
        names.collect::<Vec<_>>()
    };
    assert_eq!(names("schemes pay"), ["paypal", "paystack", "razorpay"]);
    assert_eq!(names("schemes WhatsApp"), ["meta"]);
    assert!(names("schemes x-hub-signature").contains(&"github".to_owned()));
    assert!(names("schemes cler").contains(&"svix".to_owned()));
    let json = countersign("schemes pay --json").run().with(0).json();
    assert_eq!(json.as_array().unwrap().len(), 3);
    assert_eq!(countersign("schemes svix --json").run().with(0).json()["name"], "svix");
    countersign("schemes jupitre").run().must_fix(&["did you mean `jupiter`"]);
    countersign("schemes nonsense").run().must_fix(&["`countersign schemes` lists them"]);
    countersign("schemes pay --toml").run().must_fix(&["pay"]);
}
