import { type Attribute, AttributeType } from '../attributes.js';
import type { Native, NativeFunction, Pointer } from './library.js';

/** The functions that set attributes, on an eager op or on a graph node. */
export interface AttributeSetters {
  readonly type: NativeFunction;
  readonly bool: NativeFunction;
  readonly int: NativeFunction;
  readonly ints: NativeFunction;
  readonly float: NativeFunction;
  readonly floats: NativeFunction;
  readonly string: NativeFunction;
  readonly strings: NativeFunction;
}

export const eagerSetters = (native: Native): AttributeSetters => ({
  type: native.TFE_OpSetAttrType,
  bool: native.TFE_OpSetAttrBool,
  int: native.TFE_OpSetAttrInt,
  ints: native.TFE_OpSetAttrIntList,
  float: native.TFE_OpSetAttrFloat,
  floats: native.TFE_OpSetAttrFloatList,
  string: native.TFE_OpSetAttrString,
  strings: native.TFE_OpSetAttrStringList,
});

export const nodeSetters = (native: Native): AttributeSetters => ({
  type: native.TF_SetAttrType,
  bool: native.TF_SetAttrBool,
  int: native.TF_SetAttrInt,
  ints: native.TF_SetAttrIntList,
  float: native.TF_SetAttrFloat,
  floats: native.TF_SetAttrFloatList,
  string: native.TF_SetAttrString,
  strings: native.TF_SetAttrStringList,
});

/** Sets all attributes; throws an Error that names the one whose kind is unknown. */
export function setAttributes(
  target: Pointer,
  attributes: readonly Attribute[],
  set: AttributeSetters,
): void {
  for (const { name, type, value } of attributes) {
    switch (type) {
      case AttributeType.TF_ATTR_TYPE:
        set.type(target, name, value);
        break;
      case AttributeType.TF_ATTR_BOOL:
        set.bool(target, name, value ? 1 : 0);
        break;
      case AttributeType.TF_ATTR_INT:
        if (Array.isArray(value)) set.ints(target, name, value, value.length);
        else set.int(target, name, value);
        break;
      case AttributeType.TF_ATTR_FLOAT:
        if (Array.isArray(value)) set.floats(target, name, value, value.length);
        else set.float(target, name, value);
        break;
      case AttributeType.TF_ATTR_STRING: {
        if (Array.isArray(value)) {
          const lengths = value.map((text) => Buffer.byteLength(text as string));
          set.strings(target, name, value, lengths, value.length);
          break;
        }
        const bytes = Buffer.from(value as string);
        set.string(target, name, bytes, bytes.length);
        break;
      }
      default:
        throw new Error(`attribute '${name}' has an unknown kind ${type}`);
    }
  }
}
