//! Which hop of a line of proxies is the client, and what is no line of proxies at all.

use super::*;

fn proxies(text: &str) -> TrustedProxies {
    text.parse().unwrap()
}

fn client(trusted: &str, peer: &str, forwarded: &[&str]) -> String {
    proxies(trusted).client(peer.parse().unwrap(), forwarded.iter().map(|line| line.as_bytes())).to_string()
}

#[test]
fn the_last_hop_that_is_no_trusted_proxy_is_the_client() {
    let trusted = "10.0.0.7, 10.1.0.0/16";
    for (forwarded, expected) in [
        (vec!["192.0.2.9"], "192.0.2.9"),
        // What the client itself wrote before its proxy's word counts for nothing.
        (vec!["127.0.0.1, 203.0.113.5, 192.0.2.9"], "192.0.2.9"),
        (vec!["203.0.113.5, 192.0.2.9, 10.1.2.3"], "192.0.2.9"),
        (vec!["203.0.113.5", "192.0.2.9", "10.1.2.3,10.0.0.7"], "192.0.2.9"),
        // Malformed is only what is looked at.
        (vec!["unknown, 192.0.2.9"], "192.0.2.9"),
        // A request of a proxy's own.
        (vec!["10.1.9.9, 10.1.2.3"], "10.1.9.9"),
        (vec!["2001:db8::5"], "2001:db8::5"),
        (vec!["[2001:db8::5]"], "2001:db8::5"),
        (vec!["[2001:db8::5]:443"], "2001:db8::5"),
        (vec!["192.0.2.9:61234"], "192.0.2.9"),
        (vec!["::ffff:192.0.2.9"], "192.0.2.9"),
    ] {
        assert_eq!(client(trusted, "10.0.0.7", &forwarded), expected, "{forwarded:?}");
        assert_eq!(client(trusted, "::ffff:10.0.0.7", &forwarded), expected, "{forwarded:?}");
    }
}

#[test]
fn nobody_else_is_believed() {
    for peer in ["10.0.0.8", "192.0.2.1", "127.0.0.1", "::1"] {
        assert_eq!(client("10.0.0.7", peer, &["192.0.2.9"]), peer);
        assert_eq!(client("", peer, &["192.0.2.9"]), peer);
    }
}

#[test]
fn what_cannot_be_read_or_be_a_client_leaves_the_peer() {
    for forwarded in [
        vec![],
        vec![""],
        vec!["unknown"],
        vec!["_hidden"],
        vec!["192.0.2.9,"],
        vec!["192.0.2.9", "192.0.2.9 10.0.0.7"],
        vec!["192.0.2.256"],
        vec!["fe80::1%eth0"],
        vec!["[192.0.2.9]"],
        vec!["for=192.0.2.9"],
        vec!["127.0.0.1"],
        vec!["::1"],
        vec!["::ffff:127.0.0.1"],
        vec!["0.0.0.0"],
        vec!["::"],
    ] {
        assert_eq!(client("10.0.0.0/8", "10.0.0.7", &forwarded), "10.0.0.7", "{forwarded:?}");
    }
}

#[test]
fn a_line_that_breaks_off_ends_at_the_last_proxy_that_was_read() {
    for forwarded in
        ["unknown, 10.1.2.3", "127.0.0.1, 10.1.2.3", "\u{fffd},10.1.2.3", "192.0.2.9, , 10.1.2.3"]
    {
        assert_eq!(client("10.0.0.0/8", "10.0.0.7", &[forwarded]), "10.1.2.3", "{forwarded:?}");
    }
}

#[test]
fn what_a_proxy_on_this_machine_has_sent_on_is_not_loopback() {
    for trusted in ["127.0.0.1", "127.0.0.1, 10.0.0.0/8"] {
        for forwarded in ["", "unknown", "127.0.0.1", "::1", "192.0.2.9, 127.0.0.1", "192.0.2.9, unknown"] {
            assert_eq!(client(trusted, "127.0.0.1", &[forwarded]), "0.0.0.0", "{trusted}: {forwarded:?}");
        }
        assert_eq!(client(trusted, "127.0.0.1", &["127.0.0.1, 10.5.5.5"]), "10.5.5.5");
        assert_eq!(client(trusted, "127.0.0.1", &[]), "127.0.0.1", "its own request");
    }
}

#[test]
fn networks_are_read_with_their_faults() {
    assert_eq!(proxies(" "), TrustedProxies::default());
    assert_eq!(proxies("::ffff:10.1.2.3/112"), proxies("10.1.0.0/16"));
    assert!(proxies("2001:db8::/32").trust("2001:db8:1::1".parse().unwrap()));
    assert!(proxies("10.1.2.3/16").trust("::ffff:10.1.0.1".parse().unwrap()));
    for wrong in
        [",", "10.0.0.1,", "10.0.0", "10.0.0.0/33", "proxy.example", "0.0.0.0/0", "::/0", "::ffff:0:0/96"]
    {
        assert!(wrong.parse::<TrustedProxies>().is_err(), "{wrong}");
    }
}
