//! A disk that does not take a shredding: its event stands, and from then on nothing is as if it did not.

use std::fs;

use crmconf::sessions::TransportKey;
use crmconf::transport::{self, Plaintext};

use super::*;
use crate::harness::{Session, container};

const SUGAR: &str = "CrmAddin.SugarCrm.SugarCrmAddin";

#[test]
fn what_the_disk_has_not_forgotten_is_answered_no_more_and_a_repetition_is_told_the_same() {
    let server = Server::demo();
    let (admin, signed_in) = Session::signed_in(server.address, "admin", "demo-admin");
    let key = TransportKey::from_base64(&signed_in.property("TransportKey").unwrap()).unwrap();
    let value = transport::seal(&key, "Password", &Plaintext::new("a password").unwrap()).unwrap();
    let payload = triple("1", "1", "")
        + &property("Description", "to be forgotten")
        + &property("CRMType", SUGAR)
        + &container("CRMConfiguration", &format!("{{\"Password\":\"{value}\"}}"))
        + &container("CRMConfigurationCommon", "{}");
    let id = admin.call(ADD, &payload).expect_success().configuration_id();
    let located = triple("1", "1", "") + &property("CRMConfigurationID", &id);
    assert!(admin.call(INFO, &located).expect_success().body.contains("enc:v1:"));

    // Where a replacement is to be written stands something that cannot be taken away.
    let in_the_way = server.data.join("vault/keys/000000000000.a.new");
    fs::create_dir_all(in_the_way.join("x")).unwrap();
    for time in ["first", "second"] {
        let told = admin.call(SHRED, &located).expect_code(10104);
        assert!(told.body.contains("could not be destroyed on the disk yet"), "{time}: {}", told.body);
        let info = admin.call(INFO, &located).expect_code(10103);
        assert!(!info.body.contains("enc:v1:"), "{time}: {}", info.body);
    }
    server.session("viewer").call(INFO, &located).expect_success();

    fs::remove_dir_all(&in_the_way).unwrap();
    admin.call(SHRED, &located).expect_success();
}
