//! The levels of a pointer into a document: RFC 6901, and two more for lists.
//!
//! `[name=speed]` is the element of a list whose member `name` is `speed`, wherever it stands, and `[0]` the
//! element at a place, whatever it is. A bare number is a place, too, and there the decoder looks whether the elements
//! have names that change places.

use std::fmt;

/// One level of a pointer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// The member of that name, or the element at that place of a list.
    Name(String),
    /// The element at that place of a list, whatever it is.
    Place(usize),
    /// The element of a list that has this member with this value, as text.
    Element {
        /// Name of the member.
        member: String,
        /// Its value, as text: a number is meant as well.
        value: String,
    },
}

/// The levels of a pointer; none for the empty one, which is the whole document.
pub fn steps(pointer: &str) -> impl Iterator<Item = Step> + '_ {
    pointer.split('/').skip(1).map(step)
}

fn step(level: &str) -> Step {
    let inner = level.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
    let place = inner.and_then(|inner| inner.parse().ok()).map(Step::Place);
    let element = inner.and_then(|inner| inner.split_once('=')).map(|(member, value)| {
        Step::Element { member: unescaped(member), value: unescaped(value) }
    });
    place.or(element).unwrap_or_else(|| Step::Name(unescaped(level)))
}

/// RFC 6901: `~1` stands for `/` and `~0` for `~`.
fn unescaped(text: &str) -> String {
    text.replace("~1", "/").replace("~0", "~")
}

/// A text as it stands in a level of a pointer.
pub fn escaped(text: &str) -> String {
    text.replace('~', "~0").replace('/', "~1")
}

/// As in a pointer, without the `/` before it.
impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name(name) => f.write_str(&escaped(name)),
            Self::Place(place) => write!(f, "[{place}]"),
            Self::Element { member, value } => {
                write!(f, "[{}={}]", escaped(member), escaped(value))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_level_is_a_name_a_place_or_an_element_by_a_member() {
        let found: Vec<Step> = steps("/a~1b/0/[0]/[name=Motor~1Speed]/[x]/").collect();
        let name = |name: &str| Step::Name(name.into());
        let element = Step::Element { member: "name".into(), value: "Motor/Speed".into() };
        let expected = [name("a/b"), name("0"), Step::Place(0), element, name("[x]"), name("")];
        assert_eq!(found, expected);
        assert_eq!(steps("").count(), 0);
    }

    proptest! {
        #[test]
        fn an_element_is_found_by_what_was_written(member in "[a-zA-Z_~/]{1,6}", value in "[^=\\]]{0,12}") {
            let element = Step::Element { member, value };
            let pointer = format!("/{element}/value");
            let found: Vec<Step> = steps(&pointer).collect();
            prop_assert_eq!(found, [element, Step::Name("value".into())]);
        }
    }
}
