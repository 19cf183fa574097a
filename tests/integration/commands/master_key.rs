//! A master key that comes from the environment and stands in no file.

use crate::harness::{Server, Session, contents, property, run_with, text};

const VARIABLE: &str = "CRMCONF_TEST_MASTER_KEY";

#[test]
fn a_master_key_from_the_environment_serves_and_another_value_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let (key, wrong) = ("5c".repeat(32), "c5".repeat(32));
    let init = ["init", "--data", text(&data), "--master-key-env", VARIABLE];
    let printed = run_with(&init, &[(VARIABLE, &key)]).expect(0).out;
    let password = printed.lines().find_map(|line| line.strip_prefix("Password: ")).unwrap();
    assert!(printed.contains(VARIABLE) && !printed.contains(&key), "{printed}");
    assert!(!folder.path().join("data.master-key").exists(), "the key is nowhere but in the environment");

    let extra = ["--master-key-env", VARIABLE];
    let mut server =
        Server::plain_under(&data, &extra, &[(VARIABLE, &key)]).unwrap_or_else(|log| panic!("{log}"));
    server.session_of("admin", password).call("CRMConfigurationList", "").expect_success();
    let session = Session::create(server.address);
    let other = property("UserName", "admin") + &property("Password", &format!("{password}x"));
    session.call("Authenticate", &other).expect_code(10307);
    assert!(server.terminate().success());

    let serve = ["serve", "--listen", "127.0.0.1:0", "--data", text(&data), "--master-key-env", VARIABLE];
    let sealed = ["was sealed under the master key", "give the right one"];
    let refused = run_with(&serve, &[(VARIABLE, &wrong)]).expect(1).says(&sealed);
    let malformed = run_with(&serve, &[(VARIABLE, "correct horse battery staple")]).expect(1);
    let malformed = malformed.says(&[VARIABLE, "does not hold a master key"]);
    run_with(&serve, &[]).expect(1).says(&[VARIABLE, "it is not set"]);
    let said = refused.err + &malformed.err + &server.log_text();
    assert!(
        ![&*key, &*wrong, "battery"].iter().any(|secret| said.contains(secret)),
        "a key is shown: {said}"
    );
    for (path, content, _) in contents(folder.path()) {
        let raw = [0x5c; 32];
        let found =
            [key.as_bytes(), &raw].iter().any(|key| content.windows(key.len()).any(|found| found == *key));
        assert!(!found, "{} holds the key", path.display());
    }

    let mut server =
        Server::plain_under(&data, &extra, &[(VARIABLE, &key)]).unwrap_or_else(|log| panic!("{log}"));
    server.session_of("admin", password);
    assert!(server.terminate().success());
}

/// A rotation that was not finished, as the next start finds it: the vault is sealed under the former key.
#[test]
fn a_key_from_a_command_serves_and_a_former_one_is_named_until_it_is_given_too() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let (former, current) = ("5c".repeat(32), "a7".repeat(32));
    // A command gets no variable that is itself named as the place of a key: what it prints is in another.
    let environment =
        [(VARIABLE, &*former), ("CRMCONF_TEST_FORMER_KEY", &*former), ("CRMCONF_TEST_NEXT_KEY", &*current)];
    let printing = |variable: &str| format!("printenv {variable}");
    let init = ["init", "--data", text(&data), "--master-key-command", &printing(VARIABLE)];
    let printed = run_with(&init, &environment).expect(0).out;
    assert!(printed.contains("Master key: from the command printenv."), "{printed}");
    assert!(printed.contains(&format!("--master-key-command 'printenv {VARIABLE}'")), "{printed}");
    let password = printed.lines().find_map(|line| line.strip_prefix("Password: ")).unwrap();

    let next = printing("CRMCONF_TEST_NEXT_KEY");
    let alone = ["--data", text(&data), "--master-key-command", &next];
    let serve = [&["serve", "--listen", "127.0.0.1:0"], &alone[..]].concat();
    let check = [&["config", "check", "--listen", "127.0.0.1:0"], &alone[..]].concat();
    for words in [&serve, &check, &[&["account", "list"], &alone[..]].concat()] {
        let told = run_with(words, &environment).expect(1);
        let told = told.says(&["/vault/", "was sealed under the master key", "further_master_keys"]);
        assert!(!told.err.contains(&former) && !told.err.contains(&current), "{}", told.err);
    }
    let further = format!("'command:printenv CRMCONF_TEST_FORMER_KEY' env:{VARIABLE}");
    let both = ["--further-master-keys", &further];
    let well = run_with(&[&check[..], &both].concat(), &environment).expect(0).out;
    let said = format!(
        "master key: from the command printenv, a further one from the command printenv, \
         a further one in the environment variable {VARIABLE}; they open the vault"
    );
    assert!(well.contains(&said), "{well}");
    let show = [&["config", "show"], &alone[..], &both].concat();
    let shown = run_with(&show, &environment).expect(0).out;
    assert!(shown.contains(&next) && shown.contains(&further) && !shown.contains(&former), "{shown}");
    let listed = run_with(&[&["account", "list"], &alone[..], &both].concat(), &environment).expect(0).out;
    assert!(listed.contains("admin"), "{listed}");

    let extra = [&alone[2..], &both].concat();
    let mut server = Server::plain_under(&data, &extra, &environment).unwrap_or_else(|log| panic!("{log}"));
    server.session_of("admin", password).call("CRMConfigurationList", "").expect_success();
    assert!(server.terminate().success());
    let log = server.log_text();
    assert!(!log.contains(&former) && !log.contains(&current), "{log}");
}
