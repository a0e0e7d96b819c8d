import { z } from 'zod'
import { Asset } from '../nouns/asset.ts'
import { operation } from './base.ts'

const tags = ['library']
const Id = z.object({ id: z.string().min(1).max(64).describe('id of the asset') })

/** An asset that is kept, with where it came from. */
export const LibraryItem = Asset.extend({
  title: z.string(),
  link: z.string().optional(),
  job: z.string().optional(),
  thumbnail: z.string().optional().describe('address of the thumbnail, relative to the public address'),
})
export type LibraryItem = z.infer<typeof LibraryItem>

/** A signed link to an asset: whoever has the address gets the bytes, until it expires, is used up or is revoked. */
export const FileLink = z.object({
  id: z.string(),
  asset: z.string(),
  url: z.string().optional().describe('shown once, when the link is made'),
  expiresAt: z.string().nullable(),
  maxUses: z.number().int().nullable(),
  uses: z.number().int(),
  revokedAt: z.string().nullable(),
  protected: z.boolean(),
  createdAt: z.string(),
})
export type FileLink = z.infer<typeof FileLink>

const read = operation.meta({ access: 'member', capability: 'library' })
const change = operation.meta({ access: 'member', capability: 'library', mutates: true })

export const library = {
  list: read
    .route({ method: 'GET', path: '/library', summary: 'List and search what is kept, newest first', tags })
    .input(
      z.object({
        search: z.string().max(200).optional().describe('words in title, name or link'),
        type: z.string().max(100).optional().describe('media type or its first half, such as video'),
        limit: z.coerce.number().int().min(1).max(1000).default(50),
        before: z.string().optional(),
      }),
    )
    .output(z.object({ items: z.array(LibraryItem), next: z.string().nullable() })),
  get: read
    .route({ method: 'GET', path: '/library/{id}', summary: 'One kept asset', tags })
    .input(Id)
    .output(LibraryItem),
  remove: change
    .route({
      method: 'DELETE',
      path: '/library/{id}',
      summary: 'Remove an asset; equal content kept by others stays',
      tags,
    })
    .input(Id)
    .output(z.object({ id: z.string(), freedBytes: z.number().int() })),
  link: change
    .route({ method: 'POST', path: '/library/{id}/links', summary: 'Make a signed link', tags })
    .input(
      Id.extend({
        expiresInSeconds: z.number().int().min(1).max(31_536_000).default(86_400),
        maxUses: z.number().int().min(1).max(1_000_000).optional(),
        password: z.string().min(1).max(255).optional(),
      }),
    )
    .output(FileLink),
  links: read
    .route({ method: 'GET', path: '/library/{id}/links', summary: 'The signed links of an asset', tags })
    .input(Id)
    .output(z.array(FileLink)),
  extend: change
    .route({ method: 'POST', path: '/links/{link}/extend', summary: 'Let a signed link live longer', tags })
    .input(z.object({ link: z.string(), expiresInSeconds: z.number().int().min(1).max(31_536_000) }))
    .output(FileLink),
  revoke: change
    .route({ method: 'DELETE', path: '/links/{link}', summary: 'Revoke a signed link', tags })
    .input(z.object({ link: z.string() }))
    .output(FileLink),
  verify: change
    .route({ method: 'POST', path: '/library/verify', summary: 'Read everything again and compare digests', tags })
    .input(z.object({ id: z.string().optional().describe('only this asset') }))
    .output(
      z.object({
        checked: z.number().int(),
        damaged: z.array(z.string()),
        missing: z.array(z.string()),
        orphans: z.array(z.string()),
      }),
    ),
}
