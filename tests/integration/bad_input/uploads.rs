//! Many long bodies at once: what they take together is bounded, and those beyond it are turned away at once.

use std::io::Write as _;
use std::time::{Duration, Instant};

use crmconf::http::intake::BODIES_BYTES_MAX;

use super::{BODY_BYTES_MAX, Besieged, connect};
use crate::harness::{Reply, golden, read_reply, redact};

/// Half as many again as there is room for.
const UPLOADS: usize = BODIES_BYTES_MAX / BODY_BYTES_MAX * 3 / 2;

#[test]
fn uploads_beyond_the_room_for_all_are_turned_away_and_the_others_answered() {
    // Their time is not what this is about.
    let besieged = Besieged::new(&["--body-timeout-seconds", "120"]);
    let server = &besieged.server;
    let mut body = server.session("viewer").request("CRMConfigurationList", "").into_bytes();
    body.resize(BODY_BYTES_MAX, b' ');
    let head = format!(
        "POST /api/xml HTTP/1.1\r\nHost: x\r\nContent-Type: text/xml\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    let (most, last) = body.split_at(body.len() - 1);
    let mut uploads: Vec<_> = (0..UPLOADS).map(|_| connect(server)).collect();
    for stream in &mut uploads {
        stream.write_all(head.as_bytes()).unwrap();
        // Whoever is turned away may be told before all is written.
        let _ = stream.write_all(most);
    }
    // Those that were turned away have their answers, or the end of the connection that it was lost with; the others
    // wait for their last byte.
    let patience = Duration::from_millis(200);
    let (mut turned_away, mut waiting) = (Vec::<Reply>::new(), Vec::new());
    for mut stream in uploads {
        stream.set_read_timeout(Some(patience)).unwrap();
        let start = Instant::now();
        match read_reply(&mut stream) {
            Some(reply) => turned_away.push(reply),
            None if start.elapsed() >= patience => waiting.push(stream),
            None => {}
        }
    }
    let mut answered = 0;
    for mut stream in waiting {
        // On a busy machine somebody may be turned away later than was waited for.
        let _ = stream.write_all(last);
        stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
        match read_reply(&mut stream) {
            Some(reply) if reply.is_success() => answered += 1,
            Some(reply) => turned_away.push(reply),
            None => {}
        }
    }
    let room = BODIES_BYTES_MAX / BODY_BYTES_MAX;
    assert!((room / 2..=room).contains(&answered), "{answered} of {UPLOADS} were let in");
    let refused = turned_away.first().expect("somebody was told");
    golden("errors", "http-503-too-many-bodies", &redact(refused, &[]));
    for reply in &turned_away {
        assert_eq!((reply.status, reply.code(), reply.headers["retry-after"].as_str()), (503, 10105, "1"));
    }
    // Their room is free again.
    server.post_bytes(&body, &[]).expect("an answer").expect_success();
    besieged.assert_unharmed();
}
