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
