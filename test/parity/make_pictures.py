#!/usr/bin/env python
"""Pictures of many formats, drawn by this script, and what Pillow makes of them.

  make_pictures.py OUT        OUT/<file>, and OUT/expected.json: mode, size and sha256 of the RGB bytes of each,
                              transparency dropped and laid on white; or "error" where Pillow refuses it
Needs Pillow 13 and numpy.
"""
import gzip, hashlib, io, json, os, struct, sys, zlib

import numpy as np
import PIL.Image as I

OUT = sys.argv[1]
os.makedirs(OUT, exist_ok=True)
rng=np.random.default_rng(1)
w,h=21,13
rgb=rng.integers(0,256,(h,w,3)).astype(np.uint8); 
yy,xx=np.mgrid[0:h,0:w]
smooth=np.stack([xx*12%256,yy*19%256,(xx+yy)*7%256],-1).astype(np.uint8)
R=I.fromarray(rgb);S=I.fromarray(smooth);L=S.convert('L');A=I.fromarray((xx*11%256).astype(np.uint8))
RGBA=S.copy();RGBA.putalpha(A);LA=L.copy();LA.putalpha(A);P=S.quantize(16);B=L.convert('1');C=S.convert('CMYK')
def png(bits,ct,data,inter=0,extra=b''):
    def ch(t,d): return struct.pack('>I',len(d))+t+d+struct.pack('>I',zlib.crc32(t+d))
    return b'\x89PNG\r\n\x1a\n'+ch(b'IHDR',struct.pack('>IIBBBBB',w,h,bits,ct,0,0,inter))+extra+ch(b'IDAT',zlib.compress(data))+ch(b'IEND',b'')
def ch(t,d): return struct.pack('>I',len(d))+t+d+struct.pack('>I',zlib.crc32(t+d))
def rows(bits,n,inter):
    out=b''
    ps=[(0,0,8,8),(4,0,8,8),(0,4,4,8),(2,0,4,4),(0,2,2,4),(1,0,2,2),(0,1,1,2)] if inter else [(0,0,1,1)]
    for x0,y0,dx,dy in ps:
        ww=(w-x0+dx-1)//dx; hh=(h-y0+dy-1)//dy
        if ww<=0 or hh<=0: continue
        for _ in range(hh): out+=b'\0'+rng.bytes((ww*bits*n+7)//8)
    return out
F={}
for inter in (0,1):
    for bits in (1,2,4,8,16): F[f'grey{bits}-{inter}.png']=png(bits,0,rows(bits,1,inter),inter)
    for bits in (8,16):
        F[f'la{bits}-{inter}.png']=png(bits,4,rows(bits,2,inter),inter)
        F[f'rgb{bits}-{inter}.png']=png(bits,2,rows(bits,3,inter),inter)
        F[f'rgba{bits}-{inter}.png']=png(bits,6,rows(bits,4,inter),inter)
    for bits in (1,2,4,8): F[f'p{bits}-{inter}.png']=png(bits,3,rows(bits,1,inter),inter,ch(b'PLTE',rng.bytes(3*2**bits)))
for bits in (1,2,4,8):F[f'ptrns{bits}.png']=png(bits,3,rows(bits,1,0),0,ch(b'PLTE',rng.bytes(3*2**bits))+ch(b'tRNS',rng.bytes(2)))
F['greytrns.png']=png(8,0,rows(8,1,0),0,ch(b'tRNS',struct.pack('>H',77)))
F['grey2trns.png']=png(2,0,rows(2,1,0),0,ch(b'tRNS',struct.pack('>H',1)))
F['grey16trns.png']=png(16,0,rows(16,1,0),0,ch(b'tRNS',struct.pack('>H',77)))
F['rgbtrns.png']=png(8,2,rows(8,3,0),0,ch(b'tRNS',struct.pack('>HHH',1,2,3)))
F['gama.png']=png(8,2,rows(8,3,0),0,ch(b'gAMA',struct.pack('>I',100000)))
F['sbit.png']=png(8,2,rows(8,3,0),0,ch(b'sBIT',b'\5\5\5'))
F['shortpal.png']=png(8,3,rows(8,1,0),0,ch(b'PLTE',rng.bytes(30)))
def sv(name,im,**k):
    b=io.BytesIO(); im.save(b,name.split('.')[-1].replace('tif','tiff').replace('jpg','jpeg'),**k); F[name]=b.getvalue()
sv('apng.png',S,save_all=True,append_images=[R]); sv('apngdef.png',S,save_all=True,append_images=[R,S],default_image=True)
sv('s.gif',P); sv('anim.gif',P,save_all=True,append_images=[R.quantize(8)]); sv('trans.gif',P,transparency=2); sv('grey.gif',L); sv('one.gif',B)
sv('inter.gif',P,interlace=1)
for q in (10,50,90,100): sv(f'q{q}.webp',S.resize((57,43)),quality=q); sv(f'qn{q}.webp',R,quality=q)
sv('ll.webp',R,lossless=True); sv('lla.webp',RGBA,lossless=True,exact=True); sv('a.webp',RGBA,quality=70); sv('anim.webp',S,save_all=True,append_images=[R],lossless=True)
for c in ('raw','tiff_lzw','tiff_adobe_deflate','packbits','zstd','lzma'):
    try: sv(f'rgb-{c}.tif',S,compression=c); sv(f'l-{c}.tif',L,compression=c); sv(f'rgba-{c}.tif',RGBA,compression=c); sv(f'p-{c}.tif',P,compression=c); sv(f'la-{c}.tif',LA,compression=c)
    except Exception as e: print(c,e)
for c in ('group3','group4','raw'): sv(f'b-{c}.tif',B,compression=c)
sv('cmyk.tif',C); sv('lab.tif',I.fromarray(rgb,'LAB')); sv('ycc.tif',I.fromarray(rgb,'YCbCr')); sv('jpeg.tif',S,compression='jpeg')
g16=I.fromarray((rng.integers(0,600,(h,w))).astype(np.uint16)); sv('g16.tif',g16); sv('i32.tif',I.fromarray(rng.integers(-50,400,(h,w)).astype(np.int32))); sv('f32.tif',I.fromarray((rng.random((h,w))*300-20).astype(np.float32)))
sv('multi.tif',S,save_all=True,append_images=[R])
sv('big.tif',S,big_tiff=True)
for q in (30,75,100): sv(f'q{q}.avif',S.resize((57,43)),quality=q); sv(f'qn{q}.avif',R,quality=q)
sv('a444.avif',S.resize((64,48)),quality=80,subsampling='4:4:4'); sv('aa.avif',RGBA,quality=90); S.save(OUT+'/x.jp2','JPEG2000'); F['x.jp2']=open(OUT+'/x.jp2','rb').read(); sv('x.ico',RGBA); sv('x.tga',S); sv('x.pcx',S); sv('x.bmp',S); sv('x.ppm',S)
ex=I.Exif(); ex[274]=6; sv('exif.jpg',S,exif=ex); sv('exif.png',S,exif=ex); sv('exif.webp',S,exif=ex,lossless=True); sv('exif.tif',S,exif=ex); sv('exif.avif',S,exif=ex)
from PIL import ImageCms
icc=ImageCms.ImageCmsProfile(ImageCms.createProfile('LAB')).tobytes() 
srgb=ImageCms.ImageCmsProfile(ImageCms.createProfile('sRGB')).tobytes()
sv('icc.jpg',S,icc_profile=srgb); sv('icc.png',S,icc_profile=srgb)

sv('l.bmp',L);sv('p.bmp',P);sv('b.bmp',B);sv('rgba.bmp',RGBA);sv('p4.bmp',P)
for n,im in (('b.pbm',B),('l.pgm',L),('g16.pgm',g16)):
    b=io.BytesIO(); im.save(b,'PPM'); F[n]=b.getvalue()
def bmp(bits,topdown=False,comp=0,masks=b'',pal=b'',old=False,hdr=40):
    st=(w*bits+31)//32*4; px=rng.bytes(st*h)
    hd=struct.pack('<IHHHH',12,w,h,1,bits) if old else struct.pack('<IiiHHIIIIII',40,w,-h if topdown else h,1,bits,comp,0,0,0,0,0)
    off=14+len(hd)+len(masks)+len(pal)
    return b'BM'+struct.pack('<IHHI',off+len(px),0,0,off)+hd+masks+pal+px
for td in (False,True):
    for bits in (1,4,8): F[f'x{bits}-{td}.bmp']=bmp(bits,td,pal=rng.bytes(4*2**bits))
    for bits in (16,24,32): F[f'x{bits}-{td}.bmp']=bmp(bits,td)
    F[f'x565-{td}.bmp']=bmp(16,td,3,struct.pack('<III',0xf800,0x7e0,0x1f)); F[f'x555m-{td}.bmp']=bmp(16,td,3,struct.pack('<III',0x7c00,0x3e0,0x1f))
    F[f'x888-{td}.bmp']=bmp(32,td,3,struct.pack('<III',0xff0000,0xff00,0xff)); F[f'xbgr-{td}.bmp']=bmp(32,td,3,struct.pack('<III',0xff000000,0xff0000,0xff00))
for bits in (1,4,8): F[f'old{bits}.bmp']=bmp(bits,old=True,pal=rng.bytes(3*2**bits))
F['old24.bmp']=bmp(24,old=True)
for m in (1,3,15,100,254,255,256,300,1023,4095,65535):
    k='B' if m<256 else '>H'
    v=rng.integers(0,m+1,(h*w*3))
    enc=lambda q:b''.join(struct.pack('>B' if m<256 else '>H',int(z)) for z in q)
    F[f'p6-{m}.ppm']=b'P6\n# c\n%d %d\n%d\n'%(w,h,m)+enc(v); F[f'p5-{m}.pgm']=b'P5 %d %d %d\n'%(w,h,m)+enc(v[:w*h])
    F[f'p3-{m}.ppm']=b'P3\n%d %d\n%d\n'%(w,h,m)+b'\n'.join(b'%d'%z for z in v); F[f'p2-{m}.pgm']=b'P2\n%d %d # x\n%d\n'%(w,h,m)+b' '.join(b'%d'%z for z in v[:w*h])+b'\n'
bits=rng.integers(0,2,w*h)
F['p1.pbm']=b'P1\n%d %d\n'%(w,h)+b''.join(b'%d'%z for z in bits); F['p4.pbm']=b'P4\n%d %d\n'%(w,h)+rng.bytes((w+7)//8*h)
F['bad.ppm']=b'P6\n9 9\n255\nabc'; F['bad2.pgm']=b'P2\n2 1\n5\n3 9\n'; F['pam.pam']=b'P7\nWIDTH 1\nHEIGHT 1\nDEPTH 1\nMAXVAL 255\nTUPLTYPE GRAYSCALE\nENDHDR\n\0'
for n in ('rgb8-0.png','exif.jpg','s.gif','qn50.webp','rgb-raw.tif','l.bmp','rgb-tiff_lzw.tif','a444.avif'):
    for f in (.5,.8,.97): F[f'cut{f}-{n}']=F[n][:int(len(F[n])*f)]
def crc(n):
    b=bytearray(F[n]); b[-20]^=255; return bytes(b)
F['crc.png']=crc('rgb8-0.png')
b=bytearray(F['rgb8-0.png']); b[60]^=255; F['flip.png']=bytes(b)
F['noiend.png']=F['rgb8-0.png'][:-12]; F['noeoi.jpg']=F['exif.jpg'][:-2]
b=bytearray(F['exif.jpg']); b[-40]^=255; F['flip.jpg']=bytes(b)
F['svg.png']=b'<?xml version="1.0"?><!-- hi --><svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>'; F['svgz.png']=gzip.compress(F['svg.png']); F['x.pdf']=b'%PDF-1.4'; F['x.html']=b'<!DOCTYPE html><html>'
part=I.new('P',(30,30)); part.putpalette(P.getpalette()); 
gb=bytearray(F['s.gif']); gb[6]+=9; gb[8]+=7; F['partial.gif']=bytes(gb)
gb=bytearray(F['trans.gif']); gb[6]+=9; gb[8]+=7; F['partialt.gif']=bytes(gb)


def white(im):
    if 'A' in im.getbands() or im.info.get('transparency') is not None:
        im = im.convert('RGBA')
        return I.alpha_composite(I.new('RGBA', im.size, (255, 255, 255, 255)), im).convert('RGB')
    return im.convert('RGB')


def told(path):
    try:
        im = I.open(path)
        im.load()
        digest = lambda one: hashlib.sha256(one.tobytes()).hexdigest()
        return dict(mode=im.mode, width=im.size[0], height=im.size[1], drop=digest(im.convert('RGB')), white=digest(white(I.open(path))))
    except Exception as error:
        return dict(error=type(error).__name__)


for name, data in F.items():
    with open(f'{OUT}/{name}', 'wb') as f:
        f.write(data)
with open(f'{OUT}/expected.json', 'w') as f:
    json.dump({name: told(f'{OUT}/{name}') for name in F}, f, indent=1)
