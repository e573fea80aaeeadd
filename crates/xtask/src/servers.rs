//! Installs `redis-server`, which the tests of the Redis store start.

use std::env;
use std::process::Command;

use crate::run;

/// Makes sure that `redis-server` is on the PATH: installs it with the package manager if needed.
pub(crate) fn ensure_installed() -> Result<(), String> {
    if on_path(SERVER) {
        return Ok(());
    }
    let missing = |why: &str| Err(format!("{SERVER} is missing, and {why}.\n{BY_HAND}"));
    let Some(manager) = MANAGERS.iter().find(|manager| on_path(manager.name)) else {
        return missing("no supported package manager was found: apt-get, dnf, apk, brew");
    };
    let needs_sudo = manager.needs_root && !is_root();
    if needs_sudo && !on_path("sudo") {
        return missing("installing it needs root or sudo");
    }

    let name = manager.name;
    println!("{SERVER} is missing, and the tests start one: installing it with {name}.");
    for line in manager.command_lines {
        let sudo = needs_sudo.then_some("sudo");
        let mut words = sudo.into_iter().chain(line.split_whitespace());
        let program = words.next().expect("the table holds no empty line");
        if let Err(message) = run::checked(run::program(program).args(words)) {
            return missing(&format!("installing it failed: {message}"));
        }
    }
    if !on_path(SERVER) {
        return missing(&format!("the package that {name} installed does not contain it"));
    }
    Ok(())
}

fn on_path(program: &str) -> bool {
    let file = format!("{program}{}", env::consts::EXE_SUFFIX);
    let path = env::var_os("PATH").unwrap_or_default();
    env::split_paths(&path).any(|folder| folder.join(&file).is_file())
}

fn is_root() -> bool {
    let id = Command::new("id").arg("-u").output();
    id.is_ok_and(|output| output.stdout.trim_ascii() == b"0")
}

struct Manager {
    name: &'static str,
    needs_root: bool,
    command_lines: &'static [&'static str],
}

const MANAGERS: [Manager; 4] = [
    Manager {
        name: "apt-get",
        needs_root: true,
        command_lines: &[
            "env DEBIAN_FRONTEND=noninteractive apt-get update",
            // RUNLEVEL (sysvinit) and SYSTEMD_OFFLINE keep the package from starting a service.
            "env DEBIAN_FRONTEND=noninteractive RUNLEVEL=1 SYSTEMD_OFFLINE=1 \
             apt-get install --yes redis-server",
        ],
    },
    Manager {
        name: "dnf",
        needs_root: true,
        // By file name, because the package is called valkey-compat-redis in newer releases.
        command_lines: &["dnf install --assumeyes /usr/bin/redis-server"],
    },
    Manager { name: "apk", needs_root: true, command_lines: &["apk add redis"] },
    Manager { name: "brew", needs_root: false, command_lines: &["brew install redis"] },
];

const SERVER: &str = "redis-server";

const BY_HAND: &str =
    "Install Redis 7 or later, or Valkey, manually, so that `redis-server` is on the PATH.";
