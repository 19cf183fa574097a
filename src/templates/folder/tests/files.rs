//! Looks at real files: links, pipes, encodings, limits, and changes that leave no other trace than the content.

use std::fs::{File, FileTimes};
use std::os::unix::ffi::OsStringExt as _;
use std::os::unix::fs::symlink;
use std::process::Command;

use super::*;

struct Real {
    folder: tempfile::TempDir,
    looker: Looker,
}

impl Real {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        Self { looker: Looker::new(folder.path().to_owned()), folder }
    }

    fn write(&self, name: &str, content: impl AsRef<[u8]>) {
        fs::write(self.folder.path().join(name), content).unwrap();
    }

    fn look(&mut self) -> BTreeMap<OsString, Content> {
        self.looker.look().unwrap().documents
    }

    fn content(&mut self, name: &str) -> Content {
        self.look().remove(&OsString::from(name)).unwrap()
    }
}

#[test]
fn a_look_reads_template_files_and_nothing_else() {
    let mut real = Real::new();
    for name in ["A.json", "B.json", ".C.json", "D.json~", "E.txt"] {
        real.write(name, name);
    }
    fs::create_dir(real.folder.path().join("within")).unwrap();
    let found = real.look();
    let expected = ["A.json", "B.json"].map(|name| (OsString::from(name), Ok(Arc::from(name))));
    assert_eq!(found, BTreeMap::from(expected));
}

#[test]
fn links_are_followed_as_container_platforms_set_them() {
    let mut real = Real::new();
    let at = |name: &str| real.folder.path().join(name);
    for version in ["1", "2"] {
        fs::create_dir(at(&format!("..{version}"))).unwrap();
        fs::write(at(&format!("..{version}/A.json")), version).unwrap();
    }
    symlink("..1", at("..data")).unwrap();
    symlink("..data/A.json", at("A.json")).unwrap();
    symlink("nowhere", at("B.json")).unwrap();
    let (data, new) = (at("..data"), at("..new"));
    for _ in 0..3 {
        assert_eq!(real.content("A.json"), Ok(Arc::from("1")));
    }
    assert_eq!(real.content("B.json"), Err(FileFault::Dangling.to_string()));
    symlink("..2", &new).unwrap();
    fs::rename(new, data).unwrap();
    assert_eq!(real.content("A.json"), Ok(Arc::from("2")));
}

#[test]
fn what_is_no_file_is_not_waited_for() {
    let mut real = Real::new();
    let pipe = real.folder.path().join("A.json");
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    fs::create_dir(real.folder.path().join("B.json")).unwrap();
    assert_eq!(real.content("A.json"), Err(FileFault::NotAFile.to_string()));
    assert_eq!(real.content("B.json"), Err(FileFault::NotAFile.to_string()));
}

#[test]
fn texts_are_utf8_within_the_limit_and_a_byte_order_mark_does_not_count() {
    let mut real = Real::new();
    let longest = "x".repeat(TEMPLATE_BYTES_MAX);
    real.write("A.json", &longest);
    real.write("B.json", format!("{longest}xxxx"));
    real.write("C.json", [0xff, 0xfe, 0x7b, 0x00]);
    real.write("D.json", "\u{feff}{}");
    real.write("E.json", format!("\u{feff}{longest}"));
    assert_eq!(real.content("A.json"), Ok(Arc::from(longest.as_str())));
    assert_eq!(
        real.content("B.json"),
        Err(FileFault::TooLong { bytes: TEMPLATE_BYTES_MAX as u64 + 4 }.to_string())
    );
    assert_eq!(real.content("C.json"), Err(FileFault::NotUtf8.to_string()));
    assert_eq!(real.content("D.json"), Ok(Arc::from("{}")));
    assert_eq!(real.content("E.json"), Ok(Arc::from(longest.as_str())));
}

#[test]
fn a_name_that_is_no_utf8_is_refused_and_its_type_is_unknown() {
    let mut real = Real::new();
    let name = OsString::from_vec(b"\xff.json".to_vec());
    fs::write(real.folder.path().join(&name), template("A", "1")).unwrap();
    let mut folder = watched(real.folder.path().to_owned());
    let (set, notes) = folder.look();
    assert!(matches!(&notes[0], Note::Refused { document, .. } if *document == name), "{notes:?}");
    assert_eq!(set.unwrap().types().unwrap().count(), 0);
    assert!(real.look().contains_key(&name));
}

#[test]
fn a_change_is_found_though_length_and_time_of_writing_are_as_before() {
    let mut real = Real::new();
    real.write("A.json", "one");
    let path = real.folder.path().join("A.json");
    for _ in 0..3 {
        assert_eq!(real.content("A.json"), Ok(Arc::from("one")));
    }
    // Same length, same time of writing: the inode's own time tells.
    let before = fs::metadata(&path).unwrap().modified().unwrap();
    real.write("A.json", "two");
    File::open(&path).unwrap().set_times(FileTimes::new().set_modified(before)).unwrap();
    assert_eq!(real.content("A.json"), Ok(Arc::from("two")));
    fs::remove_file(&path).unwrap();
    assert_eq!(real.look(), BTreeMap::new());
}

#[test]
fn a_folder_past_a_limit_or_not_there_is_refused_as_a_whole() {
    let mut real = Real::new();
    for number in 0..FILES_MAX {
        real.write(&format!("{number}.json"), "");
    }
    assert_eq!(real.look().len(), FILES_MAX);
    real.write("more.json", "");
    let refused = real.looker.look().unwrap_err();
    assert!(refused.contains("more than 1000 template files"), "{refused}");
    let mut missing = Looker::new(real.folder.path().join("missing"));
    assert!(missing.look().is_err());
    let mut no_folder = Looker::new(real.folder.path().join("more.json"));
    assert!(no_folder.look().is_err());
}

#[test]
fn a_folder_of_files_serves_after_the_looks_that_a_change_takes() {
    let real = Real::new();
    real.write("A.json", template("A", "1"));
    let mut folder = watched(real.folder.path().to_owned());
    let (set, _) = folder.look();
    assert_eq!(set.unwrap().iter().map(|template| template.version()).collect::<Vec<_>>(), ["1"]);
    assert!(folder.look().0.is_none());
    real.write("A.json", template("A", "2"));
    assert!(folder.look().0.is_none());
    let (set, notes) = folder.look();
    assert_eq!(notes, [taken("A", "2")]);
    assert_eq!(set.unwrap().iter().map(|template| template.version()).collect::<Vec<_>>(), ["2"]);
}
