//! What an account may not see answers as what does not exist: body, status and headers.

use super::{ASKED, Asked, GRANTED, Holder, Matrix, READING, ids_of, located};
use crate::harness::{Reply, add_payload, property};

const INFO: &str = "CRMConfigurationInfo";
const CHANGE: &str = "CRMConfigurationChange";
const DELETE: &str = "CRMConfigurationDelete";

/// An id of the right form that no configuration has.
const ABSENT: &str = "0000000000000000:1:1:1";

/// Everything of an answer that a client sees; `Date` and the like are added by the listener, to all alike.
#[track_caller]
fn assert_alike(reply: &Reply, expected: &Reply, cell: &str) {
    assert_eq!(reply.body, expected.body, "{cell}");
    assert_eq!((reply.status, &reply.headers), (expected.status, &expected.headers), "{cell}");
    for name in ["etag", "x-crmconfigurationid"] {
        assert!(!reply.headers.contains_key(name), "{cell}: {reply:?}");
    }
}

#[actix_web::test]
async fn a_hidden_configuration_cannot_be_told_from_an_absent_one() {
    let matrix = Matrix::new().await;
    let more = [
        (INFO, String::new()),
        (INFO, property("CRMConfigurationFields", "Version")),
        (CHANGE, property("Description", "taken over")),
        (CHANGE, property("ExpectedVersion", "1")),
        (CHANGE, property("CRMType", "CrmAddin.Nowhere")),
        (DELETE, String::new()),
        (DELETE, property("ExpectedVersion", "1")),
        (DELETE, property("ValidateOnly", "true")),
    ];
    let mut compared = 0;
    for Holder { account, role, writes, granted } in &matrix.holders {
        let readable = READING[*granted];
        let hidden: Vec<_> = (0..ASKED.len()).filter(|place| readable[*place] != 0).collect();
        // Under each scope that the account may ask for, its own and those above.
        for asked in ASKED.into_iter().zip(readable).filter(|(_, code)| *code == 0).map(|(asked, _)| asked) {
            for (hidden, (operation, more)) in
                hidden.iter().flat_map(|place| more.iter().map(move |m| (place, m)))
            {
                let of = |id: &str| located(id, asked) + more;
                let cell =
                    format!("{role:?} on {:?}: {operation} of {hidden} at {asked:?}", GRANTED[*granted]);
                let reply = matrix.call(*account, operation, &of(&matrix.ids[*hidden])).await;
                assert_alike(&reply, &matrix.call(*account, operation, &of(ABSENT)).await, &cell);
                let writing = if *writes { super::WRITING } else { super::WRITING_REFUSED };
                let place = ASKED.iter().position(|found| *found == asked).unwrap();
                let refused = writing[*granted][place];
                reply.expect_code(if *operation == INFO || refused == 0 { 31003 } else { refused });
                compared += 1;
            }
        }
    }
    assert!(compared > 1_000, "{compared}");
}

/// A scope that is there and hidden from some, beside one that is not there at all.
const PAIRS: [(Asked, Asked); 7] = [
    ((2, 0, ""), (3, 0, "")),
    ((2, 1, ""), (3, 1, "")),
    ((2, 1, "01"), (3, 1, "01")),
    ((1, 2, ""), (1, 3, "")),
    ((1, 2, "01"), (1, 3, "01")),
    ((1, 2, "01"), (1, 2, "77")),
    ((1, 1, "02"), (1, 1, "77")),
];

#[actix_web::test]
async fn a_hidden_part_of_the_directory_cannot_be_told_from_an_absent_one() {
    let matrix = Matrix::new().await;
    let mut compared = 0;
    for Holder { account, role, granted, .. } in &matrix.holders {
        for (there, absent) in PAIRS {
            let place = ASKED.iter().position(|asked| *asked == there).unwrap();
            if READING[*granted][place] == 0 {
                continue;
            }
            for operation in ["CRMConfigurationList", INFO, "CRMConfigurationAdd", CHANGE, DELETE] {
                let payload = |asked| match operation {
                    "CRMConfigurationList" => ids_of(asked),
                    // Also what stands there already: that a name is taken would tell of it.
                    "CRMConfigurationAdd" => add_payload(&ids_of(asked), &format!("place {place}")),
                    CHANGE => located(&matrix.ids[place], asked) + &property("Description", "taken over"),
                    _ => located(&matrix.ids[place], asked),
                };
                let reply = matrix.call(*account, operation, &payload(there)).await;
                let expected = matrix.call(*account, operation, &payload(absent)).await;
                let cell = format!("{role:?} on {:?}: {operation} at {there:?}", GRANTED[*granted]);
                assert_alike(&reply, &expected, &format!("{cell} and {absent:?}"));
                reply.expect_code(READING[*granted][place]);
                compared += 1;
            }
        }
    }
    // Hidden are three pairs from a grant on a TelSys, six from one on a partition, seven from one on a device.
    assert_eq!(compared, 4 * 5 * (3 + 6 + 7));
}
