//! What fuzzing asks of the reader of `X-Forwarded-For`, and of the setting that says whose is believed.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crmconf_events::fuzzing::shown;

use super::TrustedProxies;

/// The first line is the setting, the others are lines of the header: nobody is believed to come from the loopback, who is
/// not trusted is not listened to, and who is found is the last hop, or one that a trusted hop names.
pub(crate) fn forwarded(data: &[u8]) {
    let mut lines = data.split(|byte| *byte == b'\n');
    let setting = String::from_utf8_lossy(lines.next().unwrap_or_default());
    let trusted = match setting.parse::<TrustedProxies>() {
        Ok(trusted) => trusted,
        Err(refused) => {
            assert!(!refused.is_empty(), "a refusal says nothing");
            TrustedProxies::default()
        }
    };
    let header: Vec<&[u8]> = lines.collect();
    let peers = [
        IpAddr::V4(Ipv4Addr::LOCALHOST),
        IpAddr::V4(Ipv4Addr::new(10, 0, 0, 7)),
        IpAddr::V6(Ipv4Addr::new(10, 0, 0, 7).to_ipv6_mapped()),
        IpAddr::V6(Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 1)),
    ];
    for peer in peers {
        let client = trusted.client(peer, header.iter().copied());
        assert_eq!(client, client.to_canonical(), "an address is told as another form of it");
        if !trusted.trust(peer) || header.is_empty() {
            assert_eq!(client, peer.to_canonical(), "a proxy is believed that is not trusted");
        } else {
            assert!(!client.is_loopback(), "what was forwarded counts as loopback");
        }
        shown(&client.to_string());
    }
}
