//! Who is answered password fields: role × scope of the grant × scope asked, in every form in which an answer could
//! hold them.

use super::{
    ADMIN, ASKED, Asked, EVERY, GRANTED, Holder, Matrix, READING, everything, ids_of, located, serve,
};
use crate::harness::{Reply, SUGAR, container, property};
use crate::inprocess::{InProcess, grant};
use crmconf_events::access::Role;

/// Every field that a row or an Info can be asked for.
const ALL_FIELDS: &str =
    "CMEnvironmentID,TelSysID,PartIDInTelSys,DeviceNumber,Version,CRMConfiguration,CRMConfigurationCommon";

/// Written by hand from the API's page: Client and above; a Viewer and an Auditor never.
pub(super) fn with_secrets(role: Role) -> bool {
    match role {
        Role::Client | Role::Editor | Role::Administrator => true,
        Role::Viewer | Role::Auditor => false,
    }
}

/// Grants, and at which places they give passwords.
type Granting = (&'static [(Role, Asked)], &'static [usize]);

/// The password at the scope with this place.
fn password(place: usize) -> String {
    format!("geheim-{place}-Üß")
}

/// Adds a configuration with a password at each scope asked, and returns their ids.
async fn add_with_passwords(service: &InProcess) -> Vec<String> {
    let mut ids = Vec::new();
    for (place, asked) in ASKED.into_iter().enumerate() {
        let json = format!("{{\"Password\":\"{}\"}}", service.seal(ADMIN, "Password", &password(place)));
        let payload = ids_of(asked)
            + &property("Description", &format!("with a secret {place}"))
            + &property("CRMType", SUGAR)
            + &container("CRMConfiguration", &json)
            + &container("CRMConfigurationCommon", "{}");
        let reply = service.call(ADMIN, "CRMConfigurationAdd", &payload).await.expect_success();
        ids.push(reply.configuration_id());
    }
    ids
}

/// Nothing of any password, sealed or open, and not even the name of its field.
#[track_caller]
fn assert_none(reply: &Reply, cell: &str) {
    for part in ["enc:v1:", "geheim", "Name=\"Password\"", "&quot;Password"] {
        assert!(!reply.body.contains(part), "{cell}: {}", reply.body);
    }
}

#[actix_web::test]
async fn password_fields_are_answered_exactly_where_a_client_s_grant_is_at_below_or_above() {
    let matrix = Matrix::new().await;
    let service = &matrix.service;
    let ids = add_with_passwords(service).await;
    let (mut answered, mut withheld) = (0, 0);
    for Holder { account, role, granted, .. } in &matrix.holders {
        for (place, asked) in ASKED.into_iter().enumerate() {
            let cell = format!("{role:?} on {:?} asks for {asked:?}", GRANTED[*granted]);
            let named = located(&ids[place], asked);
            let info = matrix.call(*account, "CRMConfigurationInfo", &named).await;
            if READING[*granted][place] == 0 && with_secrets(*role) {
                let value = info.property("Password").unwrap_or_else(|| panic!("{cell}: {}", info.body));
                assert_eq!(service.open(*account, "Password", &value), Some(password(place)), "{cell}");
                assert!(info.headers["etag"].ends_with("-secrets\""), "{cell}");
                assert!(!info.body.contains("geheim"), "{cell}");
                answered += 1;
            } else {
                assert_none(&info, &cell);
                assert_eq!(info.is_success(), READING[*granted][place] == 0, "{cell}");
                let class = info.headers.get("etag").map(|tag| tag.ends_with("-plain\""));
                assert_ne!(class, Some(false), "{cell}");
                withheld += 1;
            }
            for payload in [
                named.clone() + &property("ReturnJSON", "true"),
                named.clone()
                    + &property("ReturnJSON", "true")
                    + &property("CRMConfigurationFields", ALL_FIELDS),
            ] {
                assert_none(&matrix.call(*account, "CRMConfigurationInfo", &payload).await, &cell);
            }
            let rows = ids_of(asked) + &property("CRMConfigurationFields", ALL_FIELDS);
            assert_none(&matrix.call(*account, "CRMConfigurationList", &rows).await, &cell);
        }
        assert_no_list_tells(&matrix, *account).await;
    }
    // Of the 17 accounts nine may have them: two of each kind, which read 10, 7, 5 or 4 scopes, and one that reads all.
    assert_eq!((answered, withheld), (2 * (10 + 7 + 5 + 4) + 10, 17 * 10 - 62));
}

/// Neither a search for a password nor an order shows anything of it.
async fn assert_no_list_tells(matrix: &Matrix, account: usize) {
    let all = property("CRMConfigurationFields", ALL_FIELDS);
    for payload in [
        property("SearchQuery", "geheim"),
        property("SearchQuery", &password(0)),
        property("SearchQuery", "enc:v1:"),
    ] {
        let reply =
            matrix.call(account, "CRMConfigurationList", &(all.clone() + &payload)).await.expect_success();
        assert_eq!(reply.property("Total").as_deref(), Some("0"), "{}", reply.body);
    }
    for field in ["Password", "CRMConfiguration"] {
        let reply = matrix.call(account, "CRMConfigurationList", &property("Sort", field)).await;
        assert_none(&reply.expect_code(10108), field);
    }
}

#[actix_web::test]
async fn several_grants_give_password_fields_where_one_of_them_does() {
    let grants = |grants: &[(Role, Asked)]| {
        grants.iter().map(|(role, asked)| grant(*role, super::at(*asked))).collect::<Vec<_>>()
    };
    // Grants, and at which places they give passwords; everything that is not named is readable without, or not at all.
    let accounts: [Granting; 5] = [
        (&[(Role::Viewer, EVERY), (Role::Client, (1, 1, ""))], &[0, 1, 2, 3, 4]),
        (&[(Role::Auditor, EVERY), (Role::Editor, (1, 1, "01"))], &[0, 1, 2, 3]),
        (&[(Role::Client, (1, 1, "01")), (Role::Client, (2, 1, "01"))], &[0, 1, 2, 3, 7, 8, 9]),
        (&[(Role::Client, (1, 2, "")), (Role::Viewer, (1, 2, ""))], &[0, 1, 5, 6]),
        (&[(Role::Viewer, EVERY), (Role::Auditor, EVERY)], &[]),
    ];
    let mut all = vec![everything()];
    all.extend(accounts.iter().map(|(of, _)| grants(of)));
    let service = serve(&all).await;
    let ids = add_with_passwords(&service).await;
    for (account, (of, expected)) in accounts.iter().enumerate().map(|(number, of)| (number + 1, of)) {
        for (place, asked) in ASKED.into_iter().enumerate() {
            let cell = format!("{of:?} asks for {asked:?}");
            let reply = service.call(account, "CRMConfigurationInfo", &located(&ids[place], asked)).await;
            let value = reply.property("Password");
            assert_eq!(value.is_some(), expected.contains(&place), "{cell}: {}", reply.body);
            match value {
                Some(value) => {
                    assert_eq!(service.open(account, "Password", &value), Some(password(place)), "{cell}");
                }
                None => assert_none(&reply, &cell),
            }
        }
    }
}
