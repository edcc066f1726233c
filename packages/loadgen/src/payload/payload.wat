;; Fills memory with a stream's payload, and compares memory with it, 64 bytes a step.
;;
;; The payload is a sequence of 32-bit little-endian words, each computed from its index and the stream's two keys
;; alone; generator.ts has the same function in TypeScript, where it is explained, and the tests hold both together:
;;
;;   x = index * 0x9e3779b1 + key0
;;   x = (x ^ (x >>> 15)) ^ key1
;;   x = x * 0xd35a2d97
;;   x = x ^ (x >>> 16)
;;
;; Because the first step is linear, the vectors advance by adding a constant instead of multiplying the index.
(module
  (import "payload" "memory" (memory 1 65536))

  (func $word (param $index i32) (param $key0 i32) (param $key1 i32) (result i32)
    (local $x i32)
    (local.set $x (i32.add (i32.mul (local.get $index) (i32.const 0x9e3779b1)) (local.get $key0)))
    (local.set $x (i32.xor (i32.xor (local.get $x) (i32.shr_u (local.get $x) (i32.const 15))) (local.get $key1)))
    (local.set $x (i32.mul (local.get $x) (i32.const 0xd35a2d97)))
    (i32.xor (local.get $x) (i32.shr_u (local.get $x) (i32.const 16))))

  ;; Byte number `phase` (0 to 3) of a word.
  (func $byte (param $index i32) (param $phase i32) (param $key0 i32) (param $key1 i32) (result i32)
    (i32.and
      (i32.shr_u
        (call $word (local.get $index) (local.get $key0) (local.get $key1))
        (i32.shl (local.get $phase) (i32.const 3)))
      (i32.const 0xff)))

  ;; index * 0x9e3779b1 + key0 for the four words from `index` on.
  (func $start (param $index i32) (param $key0 i32) (result v128)
    (i32x4.add
      (i32x4.splat (i32.add (i32.mul (local.get $index) (i32.const 0x9e3779b1)) (local.get $key0)))
      (v128.const i32x4 0 0x9e3779b1 0x3c6ef362 0xdaa66d13)))

  ;; Writes `length` bytes at `address`: those of the payload from byte `phase` of word `index` on.
  (func (export "fill")
    (param $address i32) (param $length i32) (param $index i32) (param $phase i32) (param $key0 i32) (param $key1 i32)
    (local $end i32) (local $bulk i32) (local $x v128) (local $key v128)
    (local $a v128) (local $b v128) (local $c v128) (local $d v128)
    (local.set $end (i32.add (local.get $address) (local.get $length)))

    ;; Bytes up to the next whole word of the stream.
    (block $aligned
      (loop $next
        (br_if $aligned (i32.eqz (local.get $phase)))
        (br_if $aligned (i32.eq (local.get $address) (local.get $end)))
        (i32.store8 (local.get $address)
          (call $byte (local.get $index) (local.get $phase) (local.get $key0) (local.get $key1)))
        (local.set $address (i32.add (local.get $address) (i32.const 1)))
        (if (i32.eqz (local.tee $phase (i32.and (i32.add (local.get $phase) (i32.const 1)) (i32.const 3))))
          (then (local.set $index (i32.add (local.get $index) (i32.const 1)))))
        (br $next)))

    ;; Sixteen words a step, at any alignment of the address.
    (local.set $bulk (i32.and (i32.sub (local.get $end) (local.get $address)) (i32.const -64)))
    (if (local.get $bulk)
      (then
        (local.set $bulk (i32.add (local.get $address) (local.get $bulk)))
        (local.set $key (i32x4.splat (local.get $key1)))
        (local.set $x (call $start (local.get $index) (local.get $key0)))
        (loop $next
          (local.set $a (local.get $x))
          (local.set $b (i32x4.add (local.get $x)
            (v128.const i32x4 0x78dde6c4 0x78dde6c4 0x78dde6c4 0x78dde6c4)))
          (local.set $c (i32x4.add (local.get $x)
            (v128.const i32x4 0xf1bbcd88 0xf1bbcd88 0xf1bbcd88 0xf1bbcd88)))
          (local.set $d (i32x4.add (local.get $x)
            (v128.const i32x4 0x6a99b44c 0x6a99b44c 0x6a99b44c 0x6a99b44c)))
          (local.set $x (i32x4.add (local.get $x)
            (v128.const i32x4 0xe3779b10 0xe3779b10 0xe3779b10 0xe3779b10)))

          (local.set $a (v128.xor (v128.xor (local.get $a) (i32x4.shr_u (local.get $a) (i32.const 15))) (local.get $key)))
          (local.set $b (v128.xor (v128.xor (local.get $b) (i32x4.shr_u (local.get $b) (i32.const 15))) (local.get $key)))
          (local.set $c (v128.xor (v128.xor (local.get $c) (i32x4.shr_u (local.get $c) (i32.const 15))) (local.get $key)))
          (local.set $d (v128.xor (v128.xor (local.get $d) (i32x4.shr_u (local.get $d) (i32.const 15))) (local.get $key)))

          (local.set $a (i32x4.mul (local.get $a) (v128.const i32x4 0xd35a2d97 0xd35a2d97 0xd35a2d97 0xd35a2d97)))
          (local.set $b (i32x4.mul (local.get $b) (v128.const i32x4 0xd35a2d97 0xd35a2d97 0xd35a2d97 0xd35a2d97)))
          (local.set $c (i32x4.mul (local.get $c) (v128.const i32x4 0xd35a2d97 0xd35a2d97 0xd35a2d97 0xd35a2d97)))
          (local.set $d (i32x4.mul (local.get $d) (v128.const i32x4 0xd35a2d97 0xd35a2d97 0xd35a2d97 0xd35a2d97)))

          (v128.store (local.get $address)
            (v128.xor (local.get $a) (i32x4.shr_u (local.get $a) (i32.const 16))))
          (v128.store offset=16 (local.get $address)
            (v128.xor (local.get $b) (i32x4.shr_u (local.get $b) (i32.const 16))))
          (v128.store offset=32 (local.get $address)
            (v128.xor (local.get $c) (i32x4.shr_u (local.get $c) (i32.const 16))))
          (v128.store offset=48 (local.get $address)
            (v128.xor (local.get $d) (i32x4.shr_u (local.get $d) (i32.const 16))))

          (local.set $index (i32.add (local.get $index) (i32.const 16)))
          (local.set $address (i32.add (local.get $address) (i32.const 64)))
          (br_if $next (i32.ne (local.get $address) (local.get $bulk))))))

    ;; Whole words that are left.
    (block $done
      (loop $next
        (br_if $done (i32.lt_u (i32.sub (local.get $end) (local.get $address)) (i32.const 4)))
        (i32.store align=1 (local.get $address)
          (call $word (local.get $index) (local.get $key0) (local.get $key1)))
        (local.set $index (i32.add (local.get $index) (i32.const 1)))
        (local.set $address (i32.add (local.get $address) (i32.const 4)))
        (br $next)))

    ;; The beginning of a last word. `phase` is 0 here, or nothing is left.
    (block $done
      (loop $next
        (br_if $done (i32.eq (local.get $address) (local.get $end)))
        (i32.store8 (local.get $address)
          (call $byte (local.get $index) (local.get $phase) (local.get $key0) (local.get $key1)))
        (local.set $phase (i32.add (local.get $phase) (i32.const 1)))
        (local.set $address (i32.add (local.get $address) (i32.const 1)))
        (br $next))))

  ;; Compares `length` bytes at `address` with the payload from byte `phase` of word `index` on.
  ;; Gives how many bytes are right before the first that differs, or -1 when none does.
  (func (export "mismatch")
    (param $address i32) (param $length i32) (param $index i32) (param $phase i32) (param $key0 i32) (param $key1 i32)
    (result i32)
    (local $begin i32) (local $end i32) (local $bulk i32) (local $x v128) (local $key v128)
    (local $a v128) (local $b v128) (local $c v128) (local $d v128)
    (local.set $begin (local.get $address))
    (local.set $end (i32.add (local.get $address) (local.get $length)))

    (block $aligned
      (loop $next
        (br_if $aligned (i32.eqz (local.get $phase)))
        (br_if $aligned (i32.eq (local.get $address) (local.get $end)))
        (if (i32.ne
              (i32.load8_u (local.get $address))
              (call $byte (local.get $index) (local.get $phase) (local.get $key0) (local.get $key1)))
          (then (return (i32.sub (local.get $address) (local.get $begin)))))
        (local.set $address (i32.add (local.get $address) (i32.const 1)))
        (if (i32.eqz (local.tee $phase (i32.and (i32.add (local.get $phase) (i32.const 1)) (i32.const 3))))
          (then (local.set $index (i32.add (local.get $index) (i32.const 1)))))
        (br $next)))

    ;; Leaves at the first 64 bytes with a difference among them; what follows narrows it down.
    (local.set $bulk (i32.and (i32.sub (local.get $end) (local.get $address)) (i32.const -64)))
    (if (local.get $bulk)
      (then
        (local.set $bulk (i32.add (local.get $address) (local.get $bulk)))
        (local.set $key (i32x4.splat (local.get $key1)))
        (local.set $x (call $start (local.get $index) (local.get $key0)))
        (block $different
          (loop $next
            (local.set $a (local.get $x))
            (local.set $b (i32x4.add (local.get $x)
              (v128.const i32x4 0x78dde6c4 0x78dde6c4 0x78dde6c4 0x78dde6c4)))
            (local.set $c (i32x4.add (local.get $x)
              (v128.const i32x4 0xf1bbcd88 0xf1bbcd88 0xf1bbcd88 0xf1bbcd88)))
            (local.set $d (i32x4.add (local.get $x)
              (v128.const i32x4 0x6a99b44c 0x6a99b44c 0x6a99b44c 0x6a99b44c)))
            (local.set $x (i32x4.add (local.get $x)
              (v128.const i32x4 0xe3779b10 0xe3779b10 0xe3779b10 0xe3779b10)))

            (local.set $a (v128.xor (v128.xor (local.get $a) (i32x4.shr_u (local.get $a) (i32.const 15))) (local.get $key)))
            (local.set $b (v128.xor (v128.xor (local.get $b) (i32x4.shr_u (local.get $b) (i32.const 15))) (local.get $key)))
            (local.set $c (v128.xor (v128.xor (local.get $c) (i32x4.shr_u (local.get $c) (i32.const 15))) (local.get $key)))
            (local.set $d (v128.xor (v128.xor (local.get $d) (i32x4.shr_u (local.get $d) (i32.const 15))) (local.get $key)))

            (local.set $a (i32x4.mul (local.get $a) (v128.const i32x4 0xd35a2d97 0xd35a2d97 0xd35a2d97 0xd35a2d97)))
            (local.set $b (i32x4.mul (local.get $b) (v128.const i32x4 0xd35a2d97 0xd35a2d97 0xd35a2d97 0xd35a2d97)))
            (local.set $c (i32x4.mul (local.get $c) (v128.const i32x4 0xd35a2d97 0xd35a2d97 0xd35a2d97 0xd35a2d97)))
            (local.set $d (i32x4.mul (local.get $d) (v128.const i32x4 0xd35a2d97 0xd35a2d97 0xd35a2d97 0xd35a2d97)))

            (local.set $a (v128.xor
              (v128.xor (local.get $a) (i32x4.shr_u (local.get $a) (i32.const 16)))
              (v128.load (local.get $address))))
            (local.set $b (v128.xor
              (v128.xor (local.get $b) (i32x4.shr_u (local.get $b) (i32.const 16)))
              (v128.load offset=16 (local.get $address))))
            (local.set $c (v128.xor
              (v128.xor (local.get $c) (i32x4.shr_u (local.get $c) (i32.const 16)))
              (v128.load offset=32 (local.get $address))))
            (local.set $d (v128.xor
              (v128.xor (local.get $d) (i32x4.shr_u (local.get $d) (i32.const 16)))
              (v128.load offset=48 (local.get $address))))

            (br_if $different (v128.any_true
              (v128.or (v128.or (local.get $a) (local.get $b)) (v128.or (local.get $c) (local.get $d)))))
            (local.set $index (i32.add (local.get $index) (i32.const 16)))
            (local.set $address (i32.add (local.get $address) (i32.const 64)))
            (br_if $next (i32.ne (local.get $address) (local.get $bulk)))))))

    (block $done
      (loop $next
        (br_if $done (i32.lt_u (i32.sub (local.get $end) (local.get $address)) (i32.const 4)))
        (br_if $done (i32.ne
          (i32.load align=1 (local.get $address))
          (call $word (local.get $index) (local.get $key0) (local.get $key1))))
        (local.set $index (i32.add (local.get $index) (i32.const 1)))
        (local.set $address (i32.add (local.get $address) (i32.const 4)))
        (br $next)))

    (block $done
      (loop $next
        (br_if $done (i32.eq (local.get $address) (local.get $end)))
        (if (i32.ne
              (i32.load8_u (local.get $address))
              (call $byte (local.get $index) (local.get $phase) (local.get $key0) (local.get $key1)))
          (then (return (i32.sub (local.get $address) (local.get $begin)))))
        (local.set $phase (i32.add (local.get $phase) (i32.const 1)))
        (local.set $address (i32.add (local.get $address) (i32.const 1)))
        (br $next)))
    (i32.const -1)))
