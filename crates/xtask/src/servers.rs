//! Installs the programs of the system that the commands start: Redis, Postgres, PgBouncer, NATS, a
//! browser with its driver, valgrind.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::run;

/// Makes sure that the programs of the servers exist: installs them with the package manager if
/// needed.
pub(crate) fn ensure_installed() -> Result<(), String> {
    ensure(&SERVERS, BY_HAND)
}

/// Makes sure that valgrind exists, for `cargo xtask ct`.
pub(crate) fn ensure_valgrind() -> Result<(), String> {
    let valgrind = Server { program: "valgrind", packages: ["valgrind"; 4] };
    ensure(&[valgrind], "Install valgrind 3.19 or later manually.")
}

fn ensure(programs: &[Server<'_>], by_hand: &str) -> Result<(), String> {
    let missing: Vec<&Server<'_>> =
        programs.iter().filter(|program| !program.is_installed()).collect();
    if missing.is_empty() {
        return Ok(());
    }
    let names: Vec<&str> = missing.iter().map(|server| server.program).collect();
    let names = names.join(", ");
    let failed = |why: &str| Err(format!("{names} missing, and {why}.\n{by_hand}"));
    let Some(manager) = MANAGERS.iter().position(|manager| on_path(manager.name)) else {
        return failed("no supported package manager was found: apt-get, dnf, apk, brew");
    };
    let Manager { name, needs_root, install } = MANAGERS[manager];
    let needs_sudo = needs_root && !is_root();
    if needs_sudo && !on_path("sudo") {
        return failed("installing needs root or sudo");
    }

    println!("missing: {names}. The command needs them: installing with {name}.");
    let packages = missing.iter().map(|server| server.packages[manager]);
    let sudo = needs_sudo.then_some("sudo");
    let mut words = sudo.into_iter().chain(install.iter().copied()).chain(packages);
    let program = words.next().expect("the table holds no empty command");
    if let Err(message) = run::checked(run::program(program).args(words)) {
        return failed(&format!("installing failed: {message}"));
    }
    match missing.iter().find(|server| !server.is_installed()) {
        Some(server) => {
            failed(&format!("the package that {name} installed has no `{}`", server.program))
        }
        None => Ok(()),
    }
}

struct Server<'a> {
    program: &'a str,
    /// Its package, in the order of [`MANAGERS`].
    packages: [&'a str; 4],
}

impl Server<'_> {
    fn is_installed(&self) -> bool {
        on_path(self.program) || (self.program == POSTGRES && has_postgres())
    }
}

fn on_path(program: &str) -> bool {
    let file = format!("{program}{}", env::consts::EXE_SUFFIX);
    let path = env::var_os("PATH").unwrap_or_default();
    // PgBouncer is in a folder for administrators.
    let folders = env::split_paths(&path).chain([PathBuf::from("/usr/sbin")]);
    folders.into_iter().any(|folder| folder.join(&file).is_file())
}

/// Most distributions have Postgres in a folder for each version, as `tests/support` knows.
fn has_postgres() -> bool {
    let has_program = |folder: &Path| {
        folder.join("bin").join(POSTGRES).is_file() || folder.join(POSTGRES).is_file()
    };
    ["/usr/lib/postgresql", "/usr", "/usr/libexec", "/opt/homebrew/opt", "/usr/local/opt"]
        .iter()
        .flat_map(|parent| fs::read_dir(parent).into_iter().flatten().flatten())
        .any(|entry| has_program(&entry.path()))
}

fn is_root() -> bool {
    let id = Command::new("id").arg("-u").output();
    id.is_ok_and(|output| output.stdout.trim_ascii() == b"0")
}

struct Manager {
    name: &'static str,
    needs_root: bool,
    /// Followed by the packages.
    install: &'static [&'static str],
}

const MANAGERS: [Manager; 4] = [
    Manager { name: "apt-get", needs_root: true, install: &["sh", "-c", APT_GET, "sh"] },
    Manager { name: "dnf", needs_root: true, install: &["dnf", "install", "--assumeyes"] },
    Manager { name: "apk", needs_root: true, install: &["apk", "add"] },
    Manager { name: "brew", needs_root: false, install: &["brew", "install"] },
];

/// RUNLEVEL (sysvinit) and SYSTEMD_OFFLINE keep the packages from starting a service. The package of
/// Postgres would create a database, unless its configuration says otherwise at that time.
const APT_GET: &str = r#"set -e
export DEBIAN_FRONTEND=noninteractive RUNLEVEL=1 SYSTEMD_OFFLINE=1
install='apt-get install --yes --no-install-recommends'
apt-get update
case " $* " in *' postgresql '*)
    $install postgresql-common
    file=/etc/postgresql-common/createcluster.conf
    cp -p $file $file.saved
    trap 'mv $file.saved $file' EXIT
    echo 'create_main_cluster = false' >>$file
esac
$install "$@"
# Nothing is started at the next boot either.
for package in "$@"; do
    systemctl disable --quiet "$package" 2>/dev/null || :
done"#;

const SERVERS: [Server<'static>; 6] = [
    Server {
        program: "redis-server",
        // With dnf by file name, because the package is valkey-compat-redis in newer releases.
        packages: ["redis-server", "/usr/bin/redis-server", "redis", "redis"],
    },
    Server {
        program: POSTGRES,
        packages: ["postgresql", "postgresql-server", "postgresql", "postgresql@17"],
    },
    Server { program: "pgbouncer", packages: ["pgbouncer"; 4] },
    Server { program: "nats-server", packages: ["nats-server"; 4] },
    Server { program: "chromium", packages: ["chromium"; 4] },
    Server {
        program: "chromedriver",
        packages: ["chromium-driver", "chromedriver", "chromium-chromedriver", "chromedriver"],
    },
];

const POSTGRES: &str = "postgres";

const BY_HAND: &str = "Install Redis 7 or later or Valkey, Postgres 13 or later, PgBouncer, \
                       nats-server, chromium and its driver manually, so that `redis-server`, \
                       `postgres`, `pgbouncer`, `nats-server`, `chromium` and `chromedriver` are \
                       on the PATH.";
