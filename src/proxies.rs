//! `TrustedProxies`: whose word counts for where a request came from, and how that word is read.

#[cfg(any(test, feature = "fuzzing"))]
pub(crate) mod fuzzing;

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::str::FromStr;

use ipnet::{IpNet, Ipv4Net};

/// Addresses and networks of proxies whose `X-Forwarded-For` is believed. Empty: nobody's is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TrustedProxies(Vec<IpNet>);

/// Leading bits that say that an IPv6 address is an IPv4 address within.
const MAPPED_BITS: u8 = 96;

impl TrustedProxies {
    /// Whether this address is one of them.
    #[must_use]
    pub fn trust(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.0.iter().any(|network| network.contains(&address))
    }

    /// Where a request came from that this peer has sent on, by the values of its `X-Forwarded-For` headers in their
    /// order. Each proxy adds the address that it was asked from at the end, so that they are read from there: the
    /// first that is none of the trusted proxies is the client's, since nobody vouches for what stands before it. Where
    /// all are trusted, the first of the line is. What cannot be read, or is no client's address, ends the line: then the
    /// proxy that was read last counts.
    ///
    /// What was forwarded never counts as loopback, which throttling exempts: where nothing else is known it has no address.
    #[must_use]
    pub fn client<'a>(&self, peer: IpAddr, forwarded: impl DoubleEndedIterator<Item = &'a [u8]>) -> IpAddr {
        let peer = peer.to_canonical();
        if !self.trust(peer) {
            return peer;
        }
        let mut hops = forwarded.rev().flat_map(|line| line.rsplit(|byte| *byte == b',')).peekable();
        if hops.peek().is_none() {
            return peer;
        }
        let mut client = if peer.is_loopback() { IpAddr::V4(Ipv4Addr::UNSPECIFIED) } else { peer };
        // Another machine's loopback is not this one's.
        let is_a_client = |address: &IpAddr| !address.is_loopback() && !address.is_unspecified();
        while let Some(address) = hops.next().and_then(hop_address).filter(is_a_client) {
            client = address;
            if !self.trust(address) {
                break;
            }
        }
        client
    }
}

/// An address as proxies write it: bare, with a port, an IPv6 address also in brackets.
fn hop_address(hop: &[u8]) -> Option<IpAddr> {
    let hop = std::str::from_utf8(hop).ok()?.trim_matches([' ', '\t']);
    let bracketed = || hop.strip_prefix('[')?.strip_suffix(']')?.parse().ok().map(IpAddr::V6);
    let with_port = || hop.parse::<SocketAddr>().ok().map(|socket| socket.ip());
    hop.parse().ok().or_else(with_port).or_else(bracketed).map(|address: IpAddr| address.to_canonical())
}

impl FromStr for TrustedProxies {
    type Err = String;

    /// Addresses and networks with commas between them. All the world is refused: anyone could then say to be anyone.
    fn from_str(text: &str) -> Result<Self, String> {
        let words = text.split(',').map(str::trim).filter(|_| !text.trim().is_empty());
        words.map(network).collect::<Result<_, _>>().map(Self)
    }
}

fn network(word: &str) -> Result<IpNet, String> {
    let address = || word.parse::<IpAddr>().ok().map(IpNet::from);
    let network =
        word.parse().ok().or_else(address).ok_or_else(|| format!("{word:?} is no address or network"))?;
    let network = canonical(network);
    if network.prefix_len() == 0 { Err(format!("{word:?} is all the world")) } else { Ok(network) }
}

/// IPv4 within IPv6 becomes IPv4, as addresses do before they are compared.
fn canonical(network: IpNet) -> IpNet {
    let IpAddr::V4(address) = network.addr().to_canonical() else { return network };
    let prefix = match network {
        IpNet::V4(_) => Some(network.prefix_len()),
        IpNet::V6(_) => network.prefix_len().checked_sub(MAPPED_BITS),
    };
    let mapped = prefix.and_then(|prefix| Ipv4Net::new(address, prefix).ok());
    mapped.map_or(network, |mapped| IpNet::V4(mapped.trunc()))
}

#[cfg(test)]
mod tests;
