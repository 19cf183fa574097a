//! Scopes and their ids: what is taken, what covers what, and how they sort.

use super::*;

fn scope(t: u32, p: u32, d: &str) -> Scope {
    Scope::new(
        TelSysId::new(t).ok(),
        PartitionId::new(p).ok(),
        (!d.is_empty()).then(|| DeviceNumber::new(d).unwrap()),
    )
    .unwrap()
}

#[test]
fn a_concrete_id_under_a_sentinel_parent_is_refused() {
    let device = DeviceNumber::new("0123").ok();
    assert_eq!(Scope::new(None, PartitionId::new(1).ok(), None), Err(ScopeError::PartitionWithoutTelSys));
    assert_eq!(
        Scope::new(TelSysId::new(1).ok(), None, device.clone()),
        Err(ScopeError::DeviceWithoutPartition)
    );
    assert_eq!(Scope::new(None, None, device), Err(ScopeError::DeviceWithoutPartition));
}

#[test]
fn relations_name_the_level_at_which_scopes_part() {
    use Relation::*;
    for (a, b, expected) in [
        (scope(0, 0, ""), scope(1, 1, "x"), Contains),
        (scope(1, 1, "x"), scope(1, 1, ""), Inside),
        (scope(1, 2, ""), scope(1, 2, ""), Same),
        (scope(1, 2, ""), scope(2, 2, ""), ApartAtTelSys),
        (scope(1, 2, "x"), scope(1, 3, ""), ApartAtPartition),
        (scope(1, 2, "x"), scope(1, 2, "y"), ApartAtDevice),
    ] {
        assert_eq!(a.relation(&b), expected, "{a} to {b}");
    }
}

#[test]
fn a_scope_sorts_right_before_what_lies_inside_it() {
    let mut scopes = [
        scope(1, 1, "b"),
        scope(2, 0, ""),
        scope(1, 2, ""),
        scope(1, 1, ""),
        scope(0, 0, ""),
        scope(1, 0, ""),
    ];
    scopes.sort();
    let words: Vec<_> = scopes.iter().map(ToString::to_string).collect();
    assert_eq!(
        words,
        [
            "every TelSys",
            "TelSys 1",
            "TelSys 1 Partition 1",
            "TelSys 1 Partition 1 Device b",
            "TelSys 1 Partition 2",
            "TelSys 2"
        ]
    );
}

#[test]
fn ids_are_plain_decimal_numbers_within_their_range() {
    assert_eq!(TelSysId::parse("-1"), Ok(None));
    assert_eq!(TelSysId::parse("007").unwrap().unwrap().get(), 7);
    for bad in ["", "0", "-2", "+1", "2147483648", "1.0", "1e3", " 1", "99999999999999999999"] {
        assert_eq!(TelSysId::parse(bad), Err(ScopeError::Id), "{bad:?}");
    }
}

#[test]
fn device_numbers_are_kept_exactly() {
    assert_eq!(DeviceNumber::parse("+0044").unwrap().unwrap().as_str(), "+0044");
    assert_eq!(DeviceNumber::parse("UnknownNoneOrAll"), Ok(None));
    assert!(DeviceNumber::new(&"9".repeat(65)).is_err());
    assert!(DeviceNumber::new("").is_err());
}
