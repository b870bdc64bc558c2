//! Changes bytes in a seeded order, as fuzzers do: bits flip, pieces vanish, come twice, are cut off and
//! spliced together, and tokens that readers stumble over are put in.

use rand_core::Rng as _;
use rand_pcg::Pcg64;

/// No case grows beyond it.
const LONGEST: usize = 1 << 18;
/// Half of all places lie in the first bytes, where headers and headings are.
const HEAD: usize = 2_048;

/// Numbers at the ends of their types and none, marks of other encodings, and what opens or ends a
/// part of JSON, RON and CSV.
const TOKENS: [&[u8]; 34] = [
    b"0",
    b"-0.0",
    b"-1",
    b"1e999",
    b"-1e999",
    b"5e-324",
    b"NaN",
    b"nan",
    b"inf",
    b"null",
    b"true",
    b"255",
    b"65536",
    b"2147483648",
    b"4294967295",
    b"4294967296",
    b"9223372036854775808",
    b"18446744073709551616",
    b"-9223372036854775809",
    b"0x7f",
    b"1_000",
    b"\"\"",
    b"[]",
    b"{}",
    b"()",
    b"\"",
    b"\\u0000",
    b"\\ud800",
    b",",
    b"\n",
    b"\r\n",
    b"\0",
    b"\xef\xbb\xbf",
    b"\xff\xfe",
];

/// Makes cases from seeds, the same ones in every run.
pub struct Mutator<'a> {
    seeds: &'a [Vec<u8>],
    random: Pcg64,
}

impl<'a> Mutator<'a> {
    pub fn new(seeds: &'a [Vec<u8>]) -> Self {
        Self { seeds, random: Pcg64::new(0x7715, 0xfa11) }
    }

    /// A seed with one to four changes.
    pub fn next_case(&mut self) -> Vec<u8> {
        let mut bytes = self.seed().to_vec();
        for _ in 0..=self.below(4) {
            self.change(&mut bytes);
            bytes.truncate(LONGEST);
        }
        bytes
    }

    fn seed(&mut self) -> &'a [u8] {
        let at = self.below(self.seeds.len());
        &self.seeds[at]
    }

    /// From 0 to below `end`, which is not 0.
    fn below(&mut self, end: usize) -> usize {
        (self.random.next_u64() % end as u64) as usize
    }

    /// A place up to the end of so many bytes.
    fn place(&mut self, length: usize) -> usize {
        let end = if self.below(2) == 0 { length.min(HEAD) } else { length };
        self.below(end + 1)
    }

    /// A piece of so many bytes: mostly a short one.
    fn piece(&mut self, length: usize) -> std::ops::Range<usize> {
        let begin = self.place(length);
        let longest = if self.below(4) == 0 { length } else { 16 };
        begin..length.min(begin + self.below(longest + 1))
    }

    fn change(&mut self, bytes: &mut Vec<u8>) {
        match self.below(9) {
            0 => {
                let at = self.place(bytes.len());
                let bit = self.below(8);
                if let Some(byte) = bytes.get_mut(at) {
                    *byte ^= 1 << bit;
                }
            }
            1 => {
                let at = self.place(bytes.len());
                let value = self.random.next_u64() as u8;
                if let Some(byte) = bytes.get_mut(at) {
                    *byte = value;
                }
            }
            2 => {
                let piece = self.piece(bytes.len());
                bytes.drain(piece);
            }
            3 => {
                let piece = self.piece(bytes.len());
                let copy = bytes[piece.clone()].to_vec();
                bytes.splice(piece.end..piece.end, copy);
            }
            4 => {
                let at = self.place(bytes.len());
                bytes.truncate(at);
            }
            5 => {
                let at = self.place(bytes.len());
                let other = self.seed();
                let from = self.place(other.len());
                bytes.truncate(at);
                bytes.extend_from_slice(&other[from..]);
            }
            6 => {
                let token = TOKENS[self.below(TOKENS.len())];
                let at = self.place(bytes.len());
                bytes.splice(at..at, token.iter().copied());
            }
            7 => self.replace_number(bytes),
            _ => self.nest(bytes),
        }
    }

    /// Another token in a number's place.
    fn replace_number(&mut self, bytes: &mut Vec<u8>) {
        let from = self.place(bytes.len());
        let in_number = |byte: &u8| byte.is_ascii_digit() || b"+-.eE".contains(byte);
        let Some(begin) = bytes[from..].iter().position(u8::is_ascii_digit) else { return };
        let begin = from + begin;
        let length = bytes[begin..].iter().take_while(|byte| in_number(byte)).count();
        let token = TOKENS[self.below(TOKENS.len())];
        bytes.splice(begin..begin + length, token.iter().copied());
    }

    /// Opens a part within a part, up to thousands of them.
    fn nest(&mut self, bytes: &mut Vec<u8>) {
        let opening = [b"[".as_slice(), b"{\"a\":", b"(", b"Some(", b"\"", b"/*", b"\\"];
        let opening = opening[self.below(opening.len())];
        let deep = 1 << self.below(14);
        let at = self.place(bytes.len());
        bytes.splice(at..at, opening.repeat(deep));
    }
}
