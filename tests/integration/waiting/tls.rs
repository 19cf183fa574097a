//! The same under TLS, whose handshake is a wait of its own and whose records stand between answer and client.

use crmconf::tls::TlsFiles;

use super::*;
use crate::harness::Authority;

fn acceptor(authority: &Authority) -> Acceptor {
    let folder = tempfile::tempdir().unwrap();
    let [certificate, key] = authority.issue(1).write(folder.path());
    Acceptor::new(TlsFiles { certificate, key }.load().unwrap())
}

#[actix_web::test]
async fn who_does_not_finish_its_handshake_is_cut_off_whatever_it_sends() {
    let authority = Authority::new();
    let client = |address, _| {
        let since = Instant::now();
        let mut silent = connect(address);
        // The beginning of a record, and no more of it.
        let mut begun = connect(address);
        begun.write_all(&[22, 3, 1, 2, 0, 1]).unwrap();
        assert_ends(&mut silent, since, PATIENCE.head);
        assert_ends(&mut begun, since, PATIENCE.head);

        let mut drip = connect(address);
        let since = Instant::now();
        drip.write_all(&[22, 3, 1, 2, 0]).unwrap();
        while drip.write_all(&[1]).is_ok() {
            assert!(since.elapsed() < PATIENCE.head + SLACK, "it drips for ever");
            std::thread::sleep(Duration::from_millis(50));
        }
    };
    serve_under(Some(acceptor(&authority)), PATIENCE).await.with_client(client).await;
}

#[actix_web::test]
async fn handshakes_count_as_connections() {
    let authority = Authority::new();
    let tls = acceptor(&authority);
    let client = move |address, _| {
        let open: Vec<_> = (0..CONNECTIONS_MAX).map(|_| connect(address)).collect();
        let since = Instant::now();
        let mut next = authority.connect(address).expect("its turn comes when the first handshakes are over");
        assert!(since.elapsed() >= PATIENCE.head / 2, "it was served beside as many as may be");
        next.write_all(ALIVE.as_bytes()).unwrap();
        assert_eq!(read_reply(&mut next).unwrap().status, 200);
        drop(open);
    };
    serve_under(Some(tls), PATIENCE).await.with_client(client).await;
}

#[actix_web::test]
async fn after_the_handshake_the_same_times_hold() {
    let authority = Authority::new();
    let tls = acceptor(&authority);
    let client = move |address, list: String| {
        let mut idle = authority.connect(address).unwrap();
        idle.write_all(ALIVE.as_bytes()).unwrap();
        assert_eq!(read_reply(&mut idle).unwrap().status, 200);
        let since = Instant::now();
        idle.write_all(b"P").unwrap();
        assert_ends_tls(&mut idle, since, PATIENCE.head);

        for closing in [false, true] {
            let list =
                if closing { list.replace("Host: x", "Host: x\r\nConnection: close") } else { list.clone() };
            let mut stream = authority.connect(address).unwrap();
            stream.write_all(list.as_bytes()).unwrap();
            std::thread::sleep(PATIENCE.answer * 4 + SLACK / 2);
            let mut taken = Vec::new();
            let read = stream.read_to_end(&mut taken);
            assert!(taken.len() < CONFIGURATIONS * VALUE_BYTES, "the whole answer came: {}", taken.len());
            assert!(read.is_err(), "it was cut off, and did not end");
        }
    };
    serve_under(Some(tls), PATIENCE).await.with_client(client).await;
}

/// As `assert_ends`: TLS says farewell first.
#[track_caller]
fn assert_ends_tls(stream: &mut crate::harness::TlsClient, since: Instant, limit: Duration) {
    let read = read_some(stream, &mut [0; 64]);
    let took = since.elapsed();
    assert!(matches!(read, Ok(0)), "after {took:?}: {read:?}");
    assert!(took >= limit && took < limit + SLACK, "ended after {took:?}, not {limit:?}");
}

#[actix_web::test]
async fn who_is_merely_slow_is_waited_for_and_gets_every_byte() {
    let authority = Authority::new();
    let tls = acceptor(&authority);
    let client = move |address, list: String| {
        let mut stream = authority.connect(address).unwrap();
        stream.write_all(list.as_bytes()).unwrap();
        let (mut taken, mut paused) = (Vec::new(), 0);
        let mut piece = vec![0; 1 << 16];
        while taken.len() < CONFIGURATIONS * VALUE_BYTES || !taken.ends_with(b"</Response>") {
            let count = read_some(&mut stream, &mut piece).expect("the answer goes on");
            assert!(count > 0, "it ended after {} bytes", taken.len());
            taken.extend_from_slice(&piece[..count]);
            if taken.len() > (paused + 1) << 20 {
                paused += 1;
                std::thread::sleep(AMPLE.answer / 8);
            }
        }
        assert!(paused > 8, "it was hardly slow");
        let values = taken.windows(4).filter(|window| window == b"xxxx").count();
        assert!(values > CONFIGURATIONS * (VALUE_BYTES - 4), "{values}");
    };
    serve_under(Some(tls), AMPLE).await.with_client(client).await;
}

#[actix_web::test]
async fn a_drain_ends_open_connections_and_begun_handshakes_at_once() {
    let authority = Authority::new();
    let served = serve_under(Some(acceptor(&authority)), AMPLE).await;
    let address = served.listener.address();
    let opened = actix_web::rt::task::spawn_blocking(move || {
        let begun = connect(address);
        let mut open = authority.connect(address).unwrap();
        // Only an answer shows that the server too has the handshake behind it.
        open.write_all(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n").unwrap();
        assert!(read_some(&mut open, &mut [0; 4_096]).unwrap() > 0);
        (open, begun)
    });
    let (mut open, mut begun) = opened.await.unwrap();
    let since = Instant::now();
    served.listener.drain().await;
    assert!(since.elapsed() < AMPLE.head + SLACK / 2, "{:?}", since.elapsed());
    let ended = actix_web::rt::task::spawn_blocking(move || {
        (read_some(&mut open, &mut [0; 8]), read_some(&mut begun, &mut [0; 8]))
    });
    assert!(matches!(ended.await.unwrap(), (Ok(0), Ok(0) | Err(_))));
    served.inside.stop().await;
}
